// A network of namespaces, one for each host, whose cables meet in a bridge in one more namespace. What is on the machine
// besides is not touched.
import { mkdir, writeFile } from 'node:fs/promises'
import { run } from '../../distribution/index.ts'
import { Namespaces } from './namespaces.ts'
import { limited } from './tools.ts'

let lans = 0

/** Packets that are dropped by the host that they come to, as `nft` has it. */
export type Fault = string

/** Nothing is left of it once it is disposed of, nor when its process ends without. */
export class Lan implements AsyncDisposable {
  readonly #prefix = `casty-${process.pid}-${lans++}`
  readonly #namespaces = new Namespaces(this.#prefix)
  readonly #hosts: string[] = []

  private constructor() {}

  static async create(hosts: readonly string[]): Promise<Lan> {
    const lan = new Lan()
    try {
      await must('ip', 'netns', 'add', lan.#hub)
      await must('ip', '-n', lan.#hub, 'link', 'add', 'hub', 'type', 'bridge')
      await must('ip', '-n', lan.#hub, 'link', 'set', 'hub', 'up')
      for (const host of hosts) await lan.#plugIn(host)
      await lan.name(Object.fromEntries(hosts.map((host) => [host, lan.addressOf(host)])))
      return lan
    } catch (error) {
      await lan[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The namespace of a host, for `ip netns exec`. */
  namespaceOf(host: string): string {
    return `${this.#prefix}-${host}`
  }

  /** That a host has at first. */
  addressOf(host: string): string {
    return `10.77.0.${this.#hosts.indexOf(host) + 1}`
  }

  /** What names mean on all hosts. */
  async name(addresses: Readonly<Record<string, string>>): Promise<void> {
    const lines = [
      '127.0.0.1 localhost',
      ...Object.entries(addresses).map((pair) => pair.toReversed().join(' ')),
    ]
    for (const host of this.#hosts) {
      // In place: processes that run see the file that was there when they began.
      await writeFile(`${this.#etcOf(host)}/hosts`, `${lines.join('\n')}\n`)
    }
  }

  /** Drops some of the packets that come to a host, until it is healed. */
  async drop(host: string, fault: Fault): Promise<void> {
    await this.#in(host, 'nft', `add rule inet faults in ${fault} counter drop`)
  }

  /** How many packets that came to a host were dropped by what is wrong now. */
  async dropped(host: string): Promise<number> {
    const list = ['netns', 'exec', this.namespaceOf(host), 'nft', 'list chain inet faults in']
    const { output } = await run('ip', list)
    const counts = [...output.matchAll(/counter packets (\d+)/g)].map(([, count]) => Number(count))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** A line of so many kilobits per second, both ways. */
  async limit(host: string, kilobits: number): Promise<void> {
    await this.#in(host, 'tc', 'qdisc', 'replace', 'dev', 'cable', 'root', ...limited(kilobits))
    const port = this.#portOf(host)
    await must('tc', '-n', this.#hub, 'qdisc', 'replace', 'dev', port, 'root', ...limited(kilobits))
  }

  /** Takes a cable off, at the end that the host does not see, or puts it back. */
  async cable(host: string, state: 'up' | 'down'): Promise<void> {
    const plugged = state === 'up' ? ['master', 'hub'] : ['nomaster']
    await must('ip', '-n', this.#hub, 'link', 'set', 'dev', this.#portOf(host), ...plugged)
  }

  /** Resets all connections of a host that are established, at this end. */
  async reset(host: string): Promise<void> {
    // It says no to what it cannot do for kinds of sockets that are not there.
    await run('ip', [
      'netns',
      'exec',
      this.namespaceOf(host),
      'ss',
      '-K',
      '-t',
      'state',
      'established',
    ])
  }

  /** Has another address in place of the one that it had. */
  async move(host: string, from: string, to: string): Promise<void> {
    const namespace = this.namespaceOf(host)
    // First the old one: with the first address of a network all others of it are gone.
    await must('ip', '-n', namespace, 'addr', 'del', `${from}/24`, 'dev', 'cable')
    await must('ip', '-n', namespace, 'addr', 'add', `${to}/24`, 'dev', 'cable')
  }

  /** Takes all faults away. */
  async heal(): Promise<void> {
    for (const host of this.#hosts) {
      await this.#in(host, 'nft', 'flush chain inet faults in')
      await run('tc', ['-n', this.namespaceOf(host), 'qdisc', 'del', 'dev', 'cable', 'root'])
      await run('tc', ['-n', this.#hub, 'qdisc', 'del', 'dev', this.#portOf(host), 'root'])
      await this.cable(host, 'up')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#namespaces[Symbol.asyncDispose]()
  }

  get #hub(): string {
    return `${this.#prefix}-hub`
  }

  #portOf(host: string): string {
    return `to-${host}`
  }

  /** `ip netns exec` puts what is there in the place of files of `/etc`. */
  #etcOf(host: string): string {
    return `/etc/netns/${this.namespaceOf(host)}`
  }

  async #plugIn(host: string): Promise<void> {
    this.#hosts.push(host)
    const namespace = this.namespaceOf(host)
    const port = this.#portOf(host)
    await mkdir(this.#etcOf(host), { recursive: true })
    await must('ip', 'netns', 'add', namespace)
    await must(
      'ip',
      '-n',
      namespace,
      'link',
      'add',
      'cable',
      'type',
      'veth',
      'peer',
      'name',
      port,
      'netns',
      this.#hub,
    )
    await must('ip', '-n', this.#hub, 'link', 'set', port, 'master', 'hub', 'up')
    await must('ip', '-n', namespace, 'addr', 'add', `${this.addressOf(host)}/24`, 'dev', 'cable')
    await must('ip', '-n', namespace, 'link', 'set', 'cable', 'up')
    await must('ip', '-n', namespace, 'link', 'set', 'lo', 'up')
    await this.#in(host, 'nft', 'add table inet faults')
    await this.#in(host, 'nft', 'add chain inet faults in { type filter hook input priority 0; }')
  }

  async #in(host: string, ...command: readonly string[]): Promise<void> {
    await must('ip', 'netns', 'exec', this.namespaceOf(host), ...command)
  }
}

async function must(program: string, ...args: readonly string[]): Promise<void> {
  const { isGood, output } = await run(program, args)
  if (!isGood) throw new Error(`"${program} ${args.join(' ')}" fails: ${output.trim()}`)
}
