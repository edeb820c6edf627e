// Why not SQLite: what it makes of damage in its write-ahead log, and what a commit costs, alone and for 64 events
// at once, next to a bare write and fdatasync. Takes a few seconds.
//
//   node packages/journal-file/bench/alternatives.ts
import { spawnSync } from 'node:child_process'
import { fdatasyncSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const roundMs = 60
const rounds = 8
const event = new Uint8Array(256).fill(7)
const schema = `CREATE TABLE event (id TEXT, number INTEGER, epoch INTEGER, bytes BLOB,
  PRIMARY KEY (id, number)) WITHOUT ROWID`
const [, program = '', victim] = process.argv

if (victim !== undefined) {
  const insert = opened(victim, 'WAL').prepare('INSERT INTO event VALUES (?, ?, 1, ?)')
  for (let number = 1; number <= 100; number++) insert.run('id', number, event)
  process.kill(process.pid, 'SIGKILL')
}

const directory = await mkdtemp(join(tmpdir(), 'casty-alternatives-'))
try {
  const perSecond = { alone: rates(1), of64: rates(64) }
  console.log(JSON.stringify({ node: process.version, perSecond, damage: damage() }, null, 2))
} finally {
  await rm(directory, { recursive: true })
}

function opened(path: string, mode: 'WAL' | 'PERSIST'): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = ${mode}`)
  database.exec(`PRAGMA synchronous = FULL; ${schema}`)
  return database
}

/** Events per second, where `batch` of them share a commit. */
function rates(batch: number): unknown {
  const ways = {
    bare: bare(batch),
    sqliteWriteAheadLog: sqlite('WAL', batch),
    sqliteRollbackJournal: sqlite('PERSIST', batch),
  }
  const totals = { bare: 0, sqliteWriteAheadLog: 0, sqliteRollbackJournal: 0 }
  for (let round = 0; round < rounds; round++) {
    totals.bare += rateOf(ways.bare, batch)
    totals.sqliteWriteAheadLog += rateOf(ways.sqliteWriteAheadLog, batch)
    totals.sqliteRollbackJournal += rateOf(ways.sqliteRollbackJournal, batch)
  }
  return Object.fromEntries(
    Object.entries(totals).map(([way, total]) => [way, Math.round(total / rounds)]),
  )
}

function rateOf(commit: () => void, batch: number): number {
  const startMs = performance.now()
  let count = 0
  let nowMs = startMs
  for (; nowMs < startMs + roundMs; nowMs = performance.now()) {
    commit()
    count += batch
  }
  return (count / (nowMs - startMs)) * 1_000
}

function bare(batch: number): () => void {
  const descriptor = openSync(join(directory, `bare-${batch}`), 'w')
  const bytes = new Uint8Array(event.length * batch).fill(7)
  return () => {
    writeSync(descriptor, bytes)
    fdatasyncSync(descriptor)
  }
}

function sqlite(mode: 'WAL' | 'PERSIST', batch: number): () => void {
  const database = opened(join(directory, `${mode}-${batch}`), mode)
  const insert = database.prepare('INSERT INTO event VALUES (?, ?, 1, ?)')
  let number = 0
  return () => {
    number++
    database.exec('BEGIN')
    for (let writer = 0; writer < batch; writer++) insert.run(`writer-${writer}`, number, event)
    database.exec('COMMIT')
  }
}

/** A hundred commits, each acknowledged; then the process is killed, and one bit of the log flips. */
function damage(): unknown {
  const path = join(directory, 'damaged')
  spawnSync(process.execPath, [program, path])
  const log = readFileSync(`${path}-wal`)
  log[log.length >> 1] = (log[log.length >> 1] ?? 0) ^ 1
  writeFileSync(`${path}-wal`, log)
  const database = new DatabaseSync(path)
  return {
    committed: 100,
    left: database.prepare('SELECT count(*) AS count FROM event').get()?.['count'],
    integrityCheck: database.prepare('PRAGMA integrity_check').get()?.['integrity_check'],
  }
}
