// What is written of an object is what it has itself, and had when it was begun.
import { expect, test } from 'vitest'
import { msgpackSerializer } from '../../src/index.ts'
import { paperRefs, received } from './sample-messages.ts'

test('what all objects inherit does not travel', () => {
  Object.defineProperty(Object.prototype, 'inherited', {
    value: 1,
    enumerable: true,
    configurable: true,
  })
  let bytes: readonly number[]
  try {
    bytes = [...msgpackSerializer().serialize({ own: 2 }, paperRefs)]
  } finally {
    Reflect.deleteProperty(Object.prototype, 'inherited')
  }
  expect(bytes).toEqual([0x81, 0xa3, ...new TextEncoder().encode('own'), 2])
})

test('an object that changes while it is written is refused, and what follows is not', () => {
  const serializer = msgpackSerializer()
  const changing: Record<string, unknown> = {
    get first() {
      delete changing['second']
      return 1
    },
    second: 2,
  }
  expect(() => serializer.serialize(changing, paperRefs)).toThrow(
    expect.objectContaining({ code: 'CASTY_REMOTE_NOT_SERIALIZABLE' }),
  )
  expect(received(serializer.serialize({ a: 1 }, paperRefs), serializer)).toEqual({ a: 1 })
})
