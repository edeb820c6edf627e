import { describe, expect, test } from 'vitest'
import { isActive, type ClusterState } from '@casty/membership'
import { ClusterWorld } from './cluster-world.ts'

describe('waitFor', () => {
  test('resolves with the state once enough members are up', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const waiting = cluster.waitFor(3)
    await world.start('b')
    await world.start('c')
    const state: ClusterState = await world.settled(waiting)
    expect(state.members.filter(isActive)).toHaveLength(3)
  })

  test('rejects after its time, telling how far it came', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const waiting = cluster.waitFor(3, { timeoutMs: 2_000 })
    await expect(world.settled(waiting)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_TIMEOUT',
      message: expect.stringMatching(/3 members.*2000 ms.*a:1#\d+ up/),
    })
  })

  test('rejects after its time, telling a joiner what its contacts answer', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('b')
    const waiting = cluster.waitFor(1, { timeoutMs: 2_000 })
    await expect(world.settled(waiting)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_TIMEOUT',
      message: expect.stringMatching(/not admitted yet; contacts: a:1 \(nobody listens there\)/),
    })
  })

  test('rejects with the reason of its signal', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    const abort = new AbortController()
    const reason = new Error('no longer wanted')
    const waiting = expect(cluster.waitFor(3, { signal: abort.signal })).rejects.toBe(reason)
    abort.abort(reason)
    await waiting
    await expect(cluster.waitFor(3, { signal: abort.signal })).rejects.toBe(reason)
  })

  test.each<[unknown, unknown, string]>([
    ['', {}, 'Option count is ""; allowed is an integer from 0'],
    [Number.NaN, {}, 'Option count is NaN'],
    [undefined, {}, 'Option count is missing'],
    [1, { timeout: 5 }, 'Option waitFor().timeout is not known; allowed is timeoutMs'],
    [1, { timeoutMs: '5' }, 'Option timeoutMs is "5"'],
    [1, { signal: {} }, 'Option signal is an object; allowed is an AbortSignal'],
    [1, 5, 'Option waitFor() is 5; allowed is an object of options'],
  ])('refuses %j with %j', async (count, options, message) => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a')
    await expect(cluster.waitFor(count as number, options as object)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
      message: expect.stringContaining(message),
    })
  })

  test('does not count members that are unreachable', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await world.kill('b')
    await world.until(() => world.unreachable('a') === 'b', 3_000)
    const waiting = world.cluster('a').waitFor(2, { timeoutMs: 1_000 })
    await expect(world.settled(waiting)).rejects.toMatchObject({ code: 'CASTY_MEMBERSHIP_TIMEOUT' })
  })

  test('leaves no timer behind, however it ended', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('a', { seedNodes: [] })
    const before = world.clock.pendingTimers
    const abort = new AbortController()
    const waiting = cluster.waitFor(2, { signal: abort.signal }).catch(() => 'aborted')
    abort.abort(new Error('no longer wanted'))
    await waiting
    await cluster.waitFor(1)
    expect(world.clock.pendingTimers).toBe(before)
  })
})
