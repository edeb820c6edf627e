// A network of the kernel's own: every node in a network namespace, with a router in between that drops
// packets from one to another, so that TCP itself has to cope. It takes nothing but `ip` and the right
// to use it, and touches no interface or rule of the machine.
//
//   node 1 ── eth0 10.77.1.2 ══ 10.77.1.1 ┐
//   node 2 ── eth0 10.77.2.2 ══ 10.77.2.1 ┤ router: ip rule add blackhole from 10.77.1.2 to 10.77.2.2
//   …                                     ┘
import { execFileSync } from 'node:child_process'
import type { Network, Place } from './network.ts'

const prefix = 'casty-sbr-'

/** Every namespace that was made here and is still there: they must not outlive this process. */
const present = new Set<string>()
process.on('exit', () => {
  for (const namespace of present) remove(namespace)
})

let networks = 0

/** Why there can be no such network here; undefined where there can. */
export function namespacesLack(): string | undefined {
  if (process.platform !== 'linux')
    return `network namespaces are Linux's, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'network namespaces take root'
  try {
    sweep()
    const network = namespaceNetwork(2)
    try {
      network.cut('10.77.1.2:1', '10.77.2.2:1')
      network.heal()
    } finally {
      network.remove()
    }
    return undefined
  } catch (error) {
    return `ip failed: ${error instanceof Error ? error.message.trim() : String(error)}`
  }
}

export interface NamespaceNetwork extends Network {
  remove(): void
}

/** Places for `size` nodes. Removed when disposed of, or with the process. */
export function namespaceNetwork(size: number): NamespaceNetwork {
  const base = `${prefix}${process.pid}-${networks++}`
  const router = `${base}-router`
  const places = Array.from({ length: size }, (_, index) => `${base}-${index + 1}`)
  const cuts = new Set<string>()
  const removeAll = (): void => {
    for (const namespace of [router, ...places]) remove(namespace)
  }
  try {
    build(router, places)
  } catch (error) {
    removeAll()
    throw error
  }
  return {
    place: (index): Place => {
      const namespace = places[index]
      if (namespace === undefined)
        throw new Error(`There are ${size} places, and none for ${index}.`)
      return { host: hostOf(index), command: ['ip', 'netns', 'exec', namespace], relay: undefined }
    },
    cut: (from, to, { oneWay = false } = {}) => {
      const rules = [ruleOf(from, to), ...(oneWay ? [] : [ruleOf(to, from)])]
      const added = rules.filter((rule) => !cuts.has(rule))
      batch(
        router,
        added.map((rule) => `rule add ${rule}`),
      )
      for (const rule of added) cuts.add(rule)
    },
    heal: () => {
      batch(
        router,
        [...cuts].map((rule) => `rule del ${rule}`),
      )
      cuts.clear()
    },
    remove: removeAll,
    [Symbol.asyncDispose]: async () => removeAll(),
  }
}

function build(router: string, places: readonly string[]): void {
  for (const namespace of [router, ...places]) {
    ip('netns', 'add', namespace)
    present.add(namespace)
    batch(namespace, ['link set lo up'])
  }
  for (const [index, namespace] of places.entries()) {
    const port = `node${index + 1}`
    batch(router, [
      `link add ${port} type veth peer name eth0 netns ${namespace}`,
      `addr add ${gatewayOf(index)}/30 dev ${port}`,
      `link set ${port} up`,
    ])
    batch(namespace, [
      `addr add ${hostOf(index)}/30 dev eth0`,
      'link set eth0 up',
      `route add default via ${gatewayOf(index)}`,
    ])
  }
  ip('netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
}

function hostOf(index: number): string {
  return `10.77.${index + 1}.2`
}

function gatewayOf(index: number): string {
  return `10.77.${index + 1}.1`
}

/** @param from - `host:port`; hosts are enough, for each has one node */
function ruleOf(from: string, to: string): string {
  return `from ${from.split(':')[0]} to ${to.split(':')[0]} blackhole`
}

/** What was left by processes that were killed. */
function sweep(): void {
  for (const line of ip('netns', 'list').split('\n')) {
    const [, namespace, pid] = new RegExp(`^(${prefix}(\\d+)-\\S+)`).exec(line) ?? []
    if (namespace !== undefined && !isAlive(Number(pid))) remove(namespace)
  }
}

function remove(namespace: string): void {
  present.delete(namespace)
  try {
    ip('netns', 'del', namespace)
  } catch {
    // It was not made yet, or is gone already.
  }
}

/** Several commands of `ip`, in one namespace and one call. */
function batch(namespace: string, commands: readonly string[]): void {
  if (commands.length === 0) return
  execFileSync('ip', ['-n', namespace, '-batch', '-'], {
    input: commands.join('\n'),
    stdio: 'pipe',
  })
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
