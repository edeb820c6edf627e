import type { ReadStream } from 'node:tty'

export type Key =
  | { readonly type: 'letter'; readonly letter: string }
  | { readonly type: 'digit'; readonly digit: number }
  | { readonly type: 'up' }
  | { readonly type: 'down' }
  | { readonly type: 'interrupt' }

const controlC = '\u0003'
const arrows: Readonly<Record<string, Key>> = { A: { type: 'up' }, B: { type: 'down' } }
// An escape sequence, or one character: a terminal may send several keys at once.
// oxlint-disable-next-line no-control-regex -- escape sequences begin with one
const keyPattern = /\u001B(?:\[[0-9;]*|O)([A-Za-z~])|[^]/gu

/** The keys in what a terminal sent; those without a meaning here are left out. */
export function readKeys(input: string): readonly Key[] {
  return [...input.matchAll(keyPattern)].flatMap(([text, final]): Key | readonly Key[] => {
    if (final !== undefined) return arrows[final] ?? []
    if (text === controlC) return { type: 'interrupt' }
    if (/^\d$/.test(text)) return { type: 'digit', digit: Number(text) }
    return /^[a-z]$/i.test(text) ? { type: 'letter', letter: text.toLowerCase() } : []
  })
}

/** Takes single keys from the terminal, and gives it back as it was, also when the process exits. */
export function listenToKeys(input: ReadStream, heed: (key: Key) => void): Disposable {
  const hear = (chunk: string): void => {
    for (const key of readKeys(chunk)) heed(key)
  }
  const restore = (): void => {
    input.setRawMode(false)
  }
  process.on('exit', restore)
  input.setEncoding('utf8').setRawMode(true).resume().on('data', hear)
  return {
    [Symbol.dispose]: () => {
      process.off('exit', restore)
      input.off('data', hear).pause()
      restore()
    },
  }
}
