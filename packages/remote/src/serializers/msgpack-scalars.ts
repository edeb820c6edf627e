// The data of extensions that hold no other values.
import { maxBigintBytes } from './bigint-limit.ts'
import { malformed } from './malformed-error.ts'

const maxDateMs = 8.64e15
/** Arguments of one call, which take stack. */
const unitsAtOnce = 1_024

export function readBigint(data: Uint8Array): bigint {
  const sign = data[0]
  if (data.length < 2 || data.length > 1 + maxBigintBytes || (sign !== 0 && sign !== 1)) {
    throw malformed('a bigint has no sign, or is too long')
  }
  let digits = '0x'
  for (const byte of data.subarray(1)) digits += byte.toString(16).padStart(2, '0')
  return sign === 1 ? -BigInt(digits) : BigInt(digits)
}

/** A sign, 0 or 1, and the magnitude, big-endian. */
export function bigintData(value: bigint): Uint8Array {
  const digits = (value < 0n ? -value : value).toString(16)
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  const data = new Uint8Array(1 + even.length / 2)
  data[0] = value < 0n ? 1 : 0
  for (let at = 1; at < data.length; at++) {
    data[at] = Number.parseInt(even.slice(at * 2 - 2, at * 2), 16)
  }
  return data
}

export function readUtf16(data: Uint8Array): string {
  if (data.length % 2 === 1) throw malformed('half a letter is left over')
  let text = ''
  for (let at = 0; at < data.length; at += unitsAtOnce * 2) {
    const units: number[] = []
    const end = Math.min(at + unitsAtOnce * 2, data.length)
    for (let unit = at; unit < end; unit += 2) {
      units.push(((data[unit] ?? 0) << 8) | (data[unit + 1] ?? 0))
    }
    text += String.fromCharCode(...units)
  }
  return text
}

export function utf16Data(text: string): Uint8Array {
  const data = new Uint8Array(text.length * 2)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    data[index * 2] = unit >> 8
    data[index * 2 + 1] = unit
  }
  return data
}

/** Of 32, 64 or 96 bits. What is finer than a millisecond is cut off: a Date cannot hold it. */
export function readTimestamp(data: Uint8Array): Date {
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  switch (data.length) {
    case 4:
      return dateOf(view.getUint32(0), 0)
    case 8:
      return dateOf(
        (view.getUint32(0) & 3) * 0x1_0000_0000 + view.getUint32(4),
        view.getUint32(0) >>> 2,
      )
    case 12:
      return dateOf(Number(view.getBigInt64(4)), view.getUint32(0))
    default:
      throw malformed(`a timestamp has ${data.length} bytes`)
  }
}

function dateOf(seconds: number, nanoseconds: number): Date {
  const timeMs = seconds * 1_000 + Math.floor(nanoseconds / 1_000_000)
  if (nanoseconds >= 1_000_000_000 || Math.abs(timeMs) > maxDateMs) {
    throw malformed('a timestamp is out of range')
  }
  // oxlint-disable-next-line no-restricted-globals -- A date in a message tells no time.
  return new Date(timeMs)
}
