// SEC-4: what counts as one source, of those that are bounded.
import { sourceGroup } from '@casty/transport'
import { expect, test } from 'vitest'

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::FFFF:10.0.0.1', '10.0.0.1'],
  ['2001:db8:a:b:1:2:3:4', '2001:db8:a:b::/64'],
  ['2001:0DB8:000a:b::1', '2001:db8:a:b::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:a:b::', '2001:db8:a:b::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  // What a proxy says, or the in-memory network, is taken as it is.
  ['shop.example', 'shop.example'],
  ['10.0.0.1:4711', '10.0.0.1:4711'],
  ['unknown', 'unknown'],
  ['', ''],
])('%s counts for %s', (source, group) => {
  expect(sourceGroup(source)).toBe(group)
})
