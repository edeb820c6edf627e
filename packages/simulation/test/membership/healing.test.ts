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
        `a finds ${node('b').key} reachable; c finds ${node('b').key} reachable`,
    ])
  })

  test('the living must not', async () => {
    const [complaint] = await heal([[1_000, shows('a', `${together} | a✗b c✗b`)]])
    expect(complaint).toContain(`a finds ${node('b').key} unreachable`)
  })

  test('whoever runs must become a member', async () => {
    const [complaint] = await heal([[1_000, everywhere('a.up^1 b.up^2')]])
    expect(complaint).toBe('everybody is there: too late: c')
  })

  test('whoever is dead must be a member no more', async () => {
    const script: Script = [
      [1_000, ({ world }) => world.crash('c')],
      [2_000, everywhere('a.up^1 b.up^2 c.down^3')],
    ]
    const [complaint] = await heal(script)
    expect(complaint).toMatch(/^everybody is there: too late: /)
    expect(complaint).toContain(node('c').key)
  })

  test('in some seeds dead hosts are started again, in others a living member downs them', async () => {
    const ways: string[] = []
    for (let seed = 1; seed <= 20; seed++) {
      let downed: readonly string[] = []
      const script: Script = [
        [1_000, (run) => ({ downed } = puppet(run, 'a'))],
        [1_500, ({ world }) => world.crash('c')],
        [2_000, everywhere(`${together} | a✗c b✗c`)],
      ]
      let lives = 0
      const started = ({ host }: { readonly host: string }): void => void (lives += +(host === 'c'))
      await play(script, {
        members: together,
        chaosMs: 5_000,
        seed,
        heal: healStages,
        watch: () => [{ started }],
      })
      ways.push(`${lives} lives, downed ${[...new Set(downed)].join() || 'by nobody'}`)
    }
    expect(new Set(ways)).toEqual(
      new Set(['2 lives, downed by nobody', `1 lives, downed ${node('c').key}`]),
    )
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
