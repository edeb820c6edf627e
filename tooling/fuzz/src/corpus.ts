import { existsSync, readFileSync } from 'node:fs'

/** Inputs that were found to do harm once: hexadecimal, one on a line, with a word on why behind `#`. */
export function corpusOf(decoder: string): readonly Uint8Array[] {
  const file = new URL(`../corpus/${decoder}.txt`, import.meta.url)
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((hex) => hex !== '')
    .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
}
