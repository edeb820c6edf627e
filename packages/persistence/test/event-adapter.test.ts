import { plainEvents, versionedEvents } from '@casty/persistence'
import { expect, test } from 'vitest'

type CartEvent =
  | { readonly type: 'item-added'; readonly item: string; readonly count: number }
  | { readonly type: 'item-removed'; readonly item: string }

const events = versionedEvents<CartEvent>({
  'item-added': {
    version: 3,
    upcasts: {
      1: (old) => ({ type: 'item-added', item: (old as { readonly name: string }).name }),
      2: (old) => ({ ...(old as object), count: 1 }),
    },
  },
  'item-removed': {},
  'cart-viewed': { replacedBy: () => [] },
  'items-swapped': {
    replacedBy: (content) => {
      const { out, in: added } = content as { readonly out: string; readonly in: string }
      return [
        { type: 'item-removed', item: out },
        { type: 'item-added', item: added, count: 1 },
      ]
    },
  },
})

test('an event is written with its kind and the version of today', () => {
  const event = { type: 'item-added', item: 'pen', count: 2 } as const
  expect(events.toStored(event)).toEqual({ manifest: 'item-added', version: 3, content: event })
})

test.each([
  { version: 1, content: { name: 'pen' } },
  { version: 2, content: { type: 'item-added', item: 'pen' } },
  { version: 3, content: { type: 'item-added', item: 'pen', count: 1 } },
])('version $version is translated step by step', ({ version, content }) => {
  expect(events.fromStored({ manifest: 'item-added', version, content })).toEqual([
    { type: 'item-added', item: 'pen', count: 1 },
  ])
})

test('former events may be dropped or split', () => {
  const viewed = { manifest: 'cart-viewed', version: 1, content: {} }
  expect(events.fromStored(viewed)).toEqual([])
  const swapped = { manifest: 'items-swapped', version: 1, content: { out: 'pen', in: 'ink' } }
  expect(events.fromStored(swapped)).toHaveLength(2)
})

test.each([
  { manifest: 'item-added', version: 4 },
  { manifest: 'item-added', version: 0 },
  { manifest: 'item-lost', version: 1 },
])('$manifest of version $version is not known', ({ manifest, version }) => {
  expect(() => events.fromStored({ manifest, version, content: {} })).toThrow(
    expect.objectContaining({ code: 'CASTY_PERSISTENCE_UNKNOWN_VERSION' }),
  )
})

test('a former kind is written no more', () => {
  const former: { readonly type: string } = { type: 'cart-viewed' }
  expect(() => events.toStored(former as CartEvent)).toThrow(/no kind/)
})

test('plain events have the kind that their type says, if they have one', () => {
  const plain = plainEvents<unknown>()
  expect(plain.toStored({ type: 'a' })).toMatchObject({ manifest: 'a', version: 1 })
  expect(plain.toStored('b')).toEqual({ manifest: '', version: 1, content: 'b' })
  expect(plain.fromStored({ manifest: '', version: 1, content: 'b' })).toEqual(['b'])
  expect(() => plain.fromStored({ manifest: '', version: 2, content: 'b' })).toThrow(
    expect.objectContaining({ code: 'CASTY_PERSISTENCE_UNKNOWN_VERSION' }),
  )
})
