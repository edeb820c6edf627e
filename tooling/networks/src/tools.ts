import { apt, canInstall, run } from '../../distribution/index.ts'
import { withLock } from '../../distribution/lock.ts'
import { Namespaces } from './namespaces.ts'

/** By program: the package that brings it. */
const packages = { ip: 'iproute2', tc: 'iproute2', ss: 'iproute2', nft: 'nftables' } as const

/**
 * Sees to it that there is what makes and harms networks here.
 *
 * @returns why there is not; undefined where there is
 */
export async function whatIsMissing(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'there are no network namespaces but on Linux'
  if (process.getuid?.() !== 0) return 'only root makes network namespaces'
  return await withLock('casty-network-tools', async () => {
    const missing = await missingPackages()
    if (missing.length > 0) {
      if (!(await canInstall())) return `there is no ${missing.join(', ')}, and no apt-get`
      await apt('update') // Lists that are partly out of date are no hindrance by themselves.
      const { isGood, output } = await apt('install', '-y', '--no-install-recommends', ...missing)
      if (!isGood) return `${missing.join(', ')} cannot be installed: ${output.trim().slice(-300)}`
    }
    return await whatTheSystemLacks()
  })
}

async function missingPackages(): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(packages).map(async ([program, name]) => {
      const { isGood } = await run('sh', ['-c', `command -v ${program}`])
      return isGood ? [] : [name]
    }),
  )
  return [...new Set(found.flat())]
}

/** Tries all that is needed, in a namespace that is gone afterwards. */
async function whatTheSystemLacks(): Promise<string | undefined> {
  const prefix = `casty-try-${process.pid}`
  const name = `${prefix}-host`
  await using _ = new Namespaces(prefix)
  const tries: readonly (readonly string[])[] = [
    ['netns', 'add', name],
    ['-n', name, 'link', 'add', 'hub', 'type', 'bridge'],
    ['-n', name, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'other'],
    ['netns', 'exec', name, 'nft', 'add', 'table', 'inet', 'faults'],
    ['netns', 'exec', name, 'tc', 'qdisc', 'add', 'dev', 'one', 'root', ...limited(64)],
  ]
  for (const args of tries) {
    const { isGood, output } = await run('ip', args)
    if (!isGood) return `"ip ${args.join(' ')}" fails: ${output.trim()}`
  }
  return undefined
}

/** For `tc`: a line of so many kilobits per second. */
export function limited(kilobits: number): readonly string[] {
  return ['tbf', 'rate', `${kilobits}kbit`, 'burst', '4kb', 'latency', '400ms']
}
