import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@casty/clock'
import { openFileJournal, type FileJournal } from '@casty/journal-file'
import { expect, test } from 'vitest'
import { Host } from './host.ts'
import { segmentBytes, textOf } from './written.ts'

/** How often a process is killed; CASTY_KILLS=100 for a long run. */
const kills = Number(process.env['CASTY_KILLS'] ?? 5)

interface Acknowledged {
  readonly id: string
  readonly sequenceNr: number
  readonly epoch: number
  readonly snapshot?: number
}

test(
  `nothing acknowledged is lost or doubled when writers are killed ${kills} times under load`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'casty-journal-kill-'))
    const random = seededRandom(kills)
    const known = new Map<string, Acknowledged>()
    let total = 0
    try {
      for (let round = 0; round < kills; round++) {
        // By the count of answers, not by time: a loaded machine gets as far.
        total += await killAfter(directory, 50 + Math.floor(random() * 1_500), known)
        await using journal = await openFileJournal({ directory, segmentBytes })
        for (const acknowledged of known.values()) await check(journal, acknowledged)
      }
      expect(total).toBeGreaterThan(50 * kills)
    } finally {
      await rm(directory, { recursive: true })
    }
  },
  30_000 + kills * 5_000,
)

/** @returns how many answers came */
async function killAfter(
  directory: string,
  answers: number,
  known: Map<string, Acknowledged>,
): Promise<number> {
  const program = new URL('./writers.program.ts', import.meta.url).pathname
  const child = fork(program, [directory], { execArgv: ['--conditions=@casty/source'] })
  let count = 0
  child.on('message', (message) => {
    // As the program next door sends it.
    const acknowledged = message as Acknowledged
    known.set(acknowledged.id, { ...known.get(acknowledged.id), ...acknowledged })
    if (++count === answers) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
  return count
}

async function check(
  journal: FileJournal,
  { id, sequenceNr, epoch, snapshot }: Acknowledged,
): Promise<void> {
  const head = await journal.highest(id)
  expect(head.sequenceNr).toBeGreaterThanOrEqual(sequenceNr)
  expect(head.epoch).toBeGreaterThanOrEqual(epoch)
  const expected = Array.from({ length: head.sequenceNr - head.deletedTo }, (_, index) => {
    const number = head.deletedTo + 1 + index
    return `${number} ${textOf(id, number)}`
  })
  const found: string[] = []
  for await (const event of journal.events(id, { fromSequenceNr: head.deletedTo + 1 })) {
    found.push(`${event.sequenceNr} ${new TextDecoder().decode(event.bytes)}`)
  }
  expect(found).toEqual(expected)
  if (snapshot === undefined) return
  const latest = await journal.latestSnapshot(id)
  expect(latest?.sequenceNr).toBeGreaterThanOrEqual(snapshot)
  expect(new TextDecoder().decode(latest?.bytes)).toBe(`${id} up to ${latest?.sequenceNr}`)
}

test('a directory is taken as long as the process that has it lives, and no longer', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'casty-journal-lock-'))
  const host = new Host()
  try {
    const held = await host.open({ directory })
    await held.claim('id', 3)
    await expect(openFileJournal({ directory })).rejects.toMatchObject({
      code: 'CASTY_JOURNAL_UNAVAILABLE',
    })
    await host.end('SIGKILL')
    await using journal = await openFileJournal({ directory })
    expect((await journal.highest('id')).epoch).toBe(3)
  } finally {
    await host.end('SIGKILL')
    await rm(directory, { recursive: true })
  }
})
