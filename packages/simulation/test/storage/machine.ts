import { ManualClock, seededRandom } from '@casty/clock'
import { SimulatedDisk, type FileSystem, type SimulatedDiskOptions } from '../../src/index.ts'

/** A machine with a disk, a clock that the test moves, and one process at a time. */
export class Machine {
  readonly clock = new ManualClock()
  readonly disk: SimulatedDisk
  #files: FileSystem

  constructor(seed: number, options: Partial<SimulatedDiskOptions> = {}) {
    this.disk = new SimulatedDisk({ clock: this.clock, random: seededRandom(seed), ...options })
    this.#files = this.disk.fileSystem()
  }

  /** The files as the present process sees them. */
  get files(): FileSystem {
    return this.#files
  }

  /** Lets time pass until the work is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    work.then(settle, settle)
    await this.clock.advanceAsync(0)
    while (!isSettled) {
      if (this.clock.nextTimerAt === undefined) throw new Error('Work waits for no operation.')
      await this.clock.advanceAsync(this.clock.nextTimerAt - this.clock.now())
    }
    return work
  }

  /** The machine loses power and comes up again. */
  crash(): void {
    this.disk.crash()
    this.#files = this.disk.fileSystem()
  }

  /** The process dies and another starts. */
  kill(): void {
    this.disk.kill()
    this.#files = this.disk.fileSystem()
  }

  /** Writes a whole file, and syncs it and its entry if told to. */
  put(path: string, content: string, { synced }: { readonly synced: boolean }): Promise<void> {
    return this.finish(put(this.#files, path, content, synced))
  }

  /** The contents of a file; undefined when there is none. */
  get(path: string): Promise<string | undefined> {
    return this.finish(get(this.#files, path))
  }
}

async function put(
  files: FileSystem,
  path: string,
  content: string,
  synced: boolean,
): Promise<void> {
  await using handle = await files.open(path, 'w')
  await handle.write(bytesOf(content))
  if (!synced) return
  await handle.sync()
  await using directory = await files.open('/', 'r')
  await directory.sync()
}

async function get(files: FileSystem, path: string): Promise<string | undefined> {
  const stats = await files.stat(path).catch(() => undefined)
  if (stats === undefined) return undefined
  await using handle = await files.open(path, 'r')
  const buffer = new Uint8Array(stats.size)
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
  return new TextDecoder().decode(buffer.subarray(0, bytesRead))
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** What happened in the end of many machines that did the same, by seed. */
export async function outcomes(
  seeds: number,
  scenario: (machine: Machine) => Promise<string | undefined>,
  options: Partial<SimulatedDiskOptions> = {},
): Promise<ReadonlySet<string | undefined>> {
  const seen = new Set<string | undefined>()
  for (let seed = 1; seed <= seeds; seed += 1) seen.add(await scenario(new Machine(seed, options)))
  return seen
}
