// Bytes as text, by RFC 4648 §4, without what only some runtimes have.
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const valueOf = new Map(alphabet.split('').map((letter, value) => [letter.charCodeAt(0), value]))

export function toBase64(bytes: Uint8Array): string {
  const quartets: string[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const letters = [18, 12, 6, 0].map((shift) => alphabet[(three >> shift) & 63])
    const missing = Math.max(0, at + 3 - bytes.length)
    quartets.push(letters.slice(0, 4 - missing).join('') + '='.repeat(missing))
  }
  return quartets.join('')
}

/** Nothing where the text is no base64 as `toBase64` writes it: padded, without blanks, one form for all bytes. */
export function fromBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (text.length % 4 !== 0) return undefined
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let bits = 0
  for (let index = 0; index < text.length - padding; index++) {
    const value = valueOf.get(text.charCodeAt(index))
    if (value === undefined) return undefined
    bits = ((bits << 6) | value) & 0xff_ffff
    if (index % 4 > 0) bytes[(index >> 2) * 3 + (index % 4) - 1] = bits >> (6 - 2 * (index % 4))
  }
  const spare = padding === 2 ? bits & 0x0f : padding === 1 ? bits & 0x03 : 0
  return spare === 0 ? bytes : undefined
}
