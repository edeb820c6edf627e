import { spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * Takes all namespaces away whose names begin with `$1-`, with whoever runs in them and their files of `/etc`: once it is
 * told to, or a second after whoever would have told it has ended, by when what it had begun is there.
 */
const script = `
trap '' INT TERM HUP
read -r told || sleep 1
ip netns list | cut -d ' ' -f 1 | grep "^$1-" | while read -r name; do
  ip netns pids "$name" | xargs -r kill -9
  ip netns del "$name"
done
rm -rf "/etc/netns/$1-"*
`

/**
 * Namespaces, by what their names begin with, that do not outlive this process, however it ends: a process of its own
 * waits for that, which no signal to this one or to its group ends.
 */
export class Namespaces implements AsyncDisposable {
  readonly #remover
  readonly #removed: Promise<unknown>

  /** To be made before the first of them is. */
  constructor(prefix: string) {
    this.#remover = spawn('sh', ['-c', script, 'sh', prefix], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#removed = once(this.#remover, 'exit')
    this.#removed.catch(() => {}) // Whoever disposes of it is told.
  }

  /** Resolves once they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#remover.stdin.on('error', () => {}).end('now\n')
    await this.#removed
  }
}
