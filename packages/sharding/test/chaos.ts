import type { World, WorldNode } from './world.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

/** Everything that can go wrong, at random instants; then a time of peace. */
export function chaos(world: World, { forMs = 40_000, peaceMs = 60_000, hosts = 5 } = {}): void {
  const { random } = world
  const nodes = Math.min(hosts, 2 + Math.floor(random() * hosts))
  for (const name of names.slice(0, nodes))
    world.at(random() * random() * 3_000, () => begin(world, name))
  const end = forMs
  for (let at = 3_000 * random(); at < end; at += random() * 3_000) {
    world.at(at, () => mischief(world, names.slice(0, nodes + 1)))
  }
  world.run(forMs)
  world.calm()
  for (const node of world.alive) node.pausedUntil = Math.min(node.pausedUntil, world.now)
  for (const node of world.alive) world.pause(node, 0.1)
  world.run(peaceMs)
}

function begin(world: World, name: string): void {
  if (world.named(name)?.isAlive) return
  world.start(name)
}

function mischief(world: World, among: readonly string[]): void {
  const { random } = world
  const draw = random()
  const some = pick(world.alive, random)
  const other = pick(world.alive, random)
  if (!some || !other) return
  if (draw < 0.15) {
    if (world.alive.length > 1) world.kill(some)
  } else if (draw < 0.35) {
    const name = among[Math.floor(random() * among.length)] ?? 'a'
    begin(world, name)
  } else if (draw < 0.45) world.leave(some)
  else if (draw < 0.6) world.pause(some, random() * random() * 8_000)
  else if (draw < 0.7) {
    world.cut(some, other)
    world.at(random() * 6_000, () => world.heal())
  } else if (draw < 0.85) {
    const island = world.alive.filter(() => random() < 0.5)
    for (const node of island) {
      for (const rest of world.alive) {
        if (island.includes(rest)) continue
        world.cut(node, rest)
        if (random() < 0.8) world.cut(rest, node)
      }
    }
    world.at(random() * 10_000, () => world.heal())
  } else world.heal()
}

function pick(nodes: readonly WorldNode[], random: () => number): WorldNode | undefined {
  return nodes[Math.floor(random() * nodes.length)]
}
