import type { Channel, ChannelCloseReason } from '@casty/transport'
import { World, type Program, type Surroundings, type WorldOptions } from '../../src/index.ts'

/** A program that says words to others, and remembers what it heard. */
export class Talker {
  readonly surroundings: Surroundings
  /** `3000 a hello`: when, by the time of the world; whom it heard; what. */
  readonly heard: string[] = []
  readonly closed: ChannelCloseReason[] = []
  readonly #channels = new Map<string, Promise<Channel>>()
  readonly #world: () => World<Talker>

  constructor(surroundings: Surroundings, world: () => World<Talker>) {
    this.surroundings = surroundings
    this.#world = world
  }

  async listen(): Promise<void> {
    const { transport, address } = this.surroundings
    await transport.listen(address, (channel) => this.#open(channel))
  }

  /** Resolves once the word is written; rejects where the dial fails. */
  async say(to: string, word: string): Promise<void> {
    const { transport } = this.surroundings
    const dialling = this.#channels.get(to) ?? transport.dial(this.#world().addressOf(to))
    if (!this.#channels.has(to)) {
      this.#channels.set(to, dialling)
      this.#open(await dialling)
    }
    const channel = await dialling
    channel.write(new TextEncoder().encode(word))
  }

  note(text: string): void {
    this.heard.push(`${Math.round(this.#world().now)} ${text}`)
  }

  #open(channel: Channel): void {
    channel.open({
      received: (bytes) => this.note(`${channel.source} ${new TextDecoder().decode(bytes)}`),
      drained() {},
      closed: (reason) => this.closed.push(reason),
    })
  }
}

/** Talkers at hosts `a`, `b` …, all started, on links that take 1 ms unless told otherwise. */
export async function talkers(
  hosts: string,
  options: Partial<WorldOptions<Talker>> = {},
): Promise<World<Talker>> {
  const program: Program<Talker> = async (surroundings) => {
    const talker = new Talker(surroundings, () => world)
    await talker.listen()
    return talker
  }
  const world = new World<Talker>({
    seed: 1,
    hosts: hosts.split(' ').map((name) => ({ name })),
    program,
    latencyMs: 1,
    ...options,
  })
  for (const host of world.hosts) world.start(host)
  await world.run(0)
  return world
}

/** The program that runs at a host. */
export function talker(world: World<Talker>, host: string): Talker {
  const program = world.running(host)?.program
  if (program === undefined) throw new Error(`Nobody runs at ${host}`)
  return program
}
