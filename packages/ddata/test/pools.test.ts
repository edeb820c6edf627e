import { expect, test } from 'vitest'
import { Pools } from '../src/kinds/lease/pools.ts'

const address = { name: 'p', shards: 1, permits: 2 }

test('one that nobody uses is made anew, and not kept', () => {
  const pools = new Pools()
  expect(pools.at(address)).toMatchObject({ name: 'p', size: 2, taken: 0 })
  expect([pools.size, pools.get('p')]).toEqual([0, undefined])
})

test('all who use one have to agree on it', () => {
  const pools = new Pools()
  const pool = pools.at(address)
  pools.keep(pool)
  expect(pools.at(address)).toBe(pool)
  expect(() => pools.at({ ...address, permits: 3 })).toThrow(
    expect.objectContaining({ code: 'CASTY_DDATA_CONFIG_MISMATCH' }),
  )
})

test('one is let go once it is as a new one', () => {
  const pools = new Pools()
  const pool = pools.at(address)
  pools.keep(pool)
  pool.size = 3
  pools.letGo(pool)
  expect(pools.size).toBe(1)
  pool.size = 2
  pools.letGo(pool)
  expect([pools.size, [...pools.freedNames]]).toEqual([0, ['p']])
})

test('whoever destroys one is told whether there was one', () => {
  const pools = new Pools()
  expect(pools.destroy('p')).toBe(false)
  const pool = pools.at(address)
  pools.keep(pool)
  pools.letGo(pool)
  expect([pools.destroy('p'), pools.destroy('p')]).toEqual([true, false])
  pools.keep(pool)
  expect(pools.destroy('p')).toBe(pool)
  expect(pools.size).toBe(0)
})

test('the names of those that were let go last are kept', () => {
  const pools = new Pools()
  for (let number = 0; number <= 256; number++) {
    const pool = pools.at({ ...address, name: `p${number}` })
    pools.keep(pool)
    pools.letGo(pool)
  }
  expect([...pools.freedNames]).toHaveLength(256)
  expect([pools.destroy('p0'), pools.destroy('p256')]).toEqual([false, true])
})
