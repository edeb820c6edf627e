// Whether a secret can be guessed. Who listens to a handshake can try secrets at leisure, so it has to be random: a
// password is none. Randomness cannot be measured; what certainly lacks it can be told.
import { SecretError } from './errors.ts'

const leastBits = 128
/** Of 22 or more letters drawn at random, fewer kinds do not come up in the life of a universe. */
const leastKinds = 8
const longestBytes = 1_024

/** What a secret was given as, in bytes. @throws SecretError */
export function checkedBytes(option: string, secret: string | Uint8Array): Uint8Array {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    const given = secret === null ? 'null' : `of type ${typeof secret}`
    throw SecretError.invalidOption(option, given, 'a text or bytes')
  }
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret.slice()
  if (bytes.length > longestBytes) {
    const given = `${bytes.length} bytes long`
    throw SecretError.invalidOption(option, given, `of at most ${longestBytes} bytes`)
  }
  const bits = Math.floor(bytes.length * bitsPerUnit(secret))
  if (bits < leastBits) {
    throw SecretError.tooWeak(option, `it holds ${bits} bits at most, and ${leastBits} are needed`)
  }
  const kinds = new Set(bytes).size
  if (kinds < leastKinds) {
    const units = typeof secret === 'string' ? 'letters' : 'bytes'
    throw SecretError.tooWeak(option, `it is made of ${kinds} different ${units} only`)
  }
  return bytes
}

/** The most that each letter, or byte, can hold. */
function bitsPerUnit(secret: string | Uint8Array): number {
  if (typeof secret !== 'string') return 8
  if (/^\d*$/.test(secret)) return Math.log2(10)
  if (/^[\da-f]*$/i.test(secret)) return 4
  return 6 // Base64; of a text that a person wrote, less.
}
