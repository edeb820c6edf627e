import { describe, expect, test } from 'vitest'
import { healStages } from '../../src/membership/healing.ts'
import { complaints, node, play, puppet, shows, type Script } from './puppets.ts'

const together = 'a.up^1 b.up^2 c.up^3'

async function heal(script: Script, seed = 1): Promise<readonly string[]> {
  const result = await play(script, { members: together, chaosMs: 5_000, seed, heal: healStages })
  // How long they have is theirs to say.
  return complaints(result).map((text) => text.replace(/not within \d+ ms/, 'too late'))
}

function everywhere(state: string): Script[number][1] {
  return (run) => {
    for (const { host } of run.world.processes) shows(host, state)(run)
  }
}

describe('after the chaos', () => {
  test('it is well where all are up and agree', async () => {
    expect(await heal([])).toEqual([])
  })

  test('the dead must be found unreachable', async () => {
    expect(await heal([[1_000, ({ world }) => world.crash('b')]])).toEqual([
      'the dead are unreachable, the living are not: too late: ' +
        'a finds b#1 reachable; c finds b#1 reachable',
    ])
  })

  test('the living must not', async () => {
    const [complaint] = await heal([[1_000, shows('a', `${together} | a✗b c✗b`)]])
    expect(complaint).toContain('a finds b#1 unreachable')
  })

  test('whoever runs must become a member', async () => {
    const [complaint] = await heal([[1_000, everywhere('a.up^1 b.up^2')]])
    expect(complaint).toMatch(/^everybody is there: too late: c#1 is no member yet\./)
  })

  test('whoever is dead must be a member no more', async () => {
    const script: Script = [
      [1_000, ({ world }) => world.crash('c')],
      [2_000, everywhere('a.up^1 b.up^2 c.down^3')],
    ]
    const [complaint] = await heal(script)
    expect(complaint).toMatch(/^everybody is there: too late: /)
    expect(complaint).toMatch(/c#1 is still a member, though gone/)
  })

  /** What becomes of `c`, which is dead, over twenty seeds. */
  async function fates(minMembers: number): Promise<ReadonlySet<string>> {
    const ways = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      let downed: readonly string[] = []
      let lives = 0
      const script: Script = [
        [1_000, (run) => ({ downed } = puppet(run, 'a'))],
        [1_500, ({ world }) => world.crash('c')],
        [2_000, everywhere(`${together} | a✗c b✗c`)],
      ]
      await play(script, {
        members: together,
        chaosMs: 5_000,
        seed,
        settings: { minMembers },
        heal: healStages,
        watch: () => [{ started: ({ host }) => void (lives += host === 'c' ? 1 : 0) }],
      })
      ways.add(`${lives} lives, downed: ${[...new Set(downed)].join() || 'nobody'}`)
    }
    return ways
  }

  test('in some seeds the dead are started again, in others a living member downs them', async () => {
    expect(await fates(1)).toEqual(
      new Set(['2 lives, downed: nobody', `1 lives, downed: ${node('c').key}`]),
    )
  })

  test('the dead are always started again where the cluster needs them', async () => {
    expect(await fates(3)).toEqual(new Set(['2 lives, downed: nobody']))
  })

  test('all must agree', async () => {
    const [complaint] = await heal([[1_000, shows('a', 'a.up^1 b.up^2 c.up^4')]])
    expect(complaint).toMatch(/^all agree: too late: a has .*, b /)
  })

  test('nobody must be left on the way', async () => {
    const [complaint] = await heal([[1_000, everywhere('a.up^1 b.up^2 c.up^3 d.exiting^4')]])
    expect(complaint).toMatch(/too late/)
  })
})
