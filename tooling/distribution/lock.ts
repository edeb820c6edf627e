import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const waitMs = 200

/**
 * Runs `work` while no other process on this machine runs any under the same name. A lock whose holder
 * is gone is taken over.
 */
export async function withLock<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const folder = join(tmpdir(), name)
  const holder = join(folder, 'pid')
  while (!take(folder, holder)) {
    if (isAbandoned(holder)) rmSync(folder, { recursive: true, force: true })
    else await setTimeout(waitMs)
  }
  try {
    return await work()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Only one process can make a folder. */
function take(folder: string, holder: string): boolean {
  try {
    mkdirSync(folder)
    writeFileSync(holder, String(process.pid))
    return true
  } catch {
    return false // It is there already.
  }
}

function isAbandoned(holder: string): boolean {
  try {
    process.kill(Number(readFileSync(holder, 'utf8')), 0)
    return false
  } catch (error) {
    // No such process; or no such file yet, in which case the holder has just begun.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}
