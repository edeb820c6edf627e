import { join } from 'node:path'
import { workspacePackages } from '../checks/workspace.ts'
import { createProject } from './project.ts'

/**
 * Fetches the oldest Node that the packages say they support, and hands over its path. The binaries
 * are packages of their own per platform, so that no install script has to run.
 */
export async function withOldestNode(use: (node: string) => Promise<void>): Promise<void> {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const binary = `node-${platform}-${process.arch}`
  using project = createProject()
  await project.run('npm', ['install', '--no-audit', '--no-fund', `${binary}@${oldestNode()}`])
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  await use(join(project.folder, 'node_modules', binary, 'bin', name))
}

/** The version that `engines.node` of the packages begins with: one for all of them. */
function oldestNode(): string {
  const ranges = new Set(workspacePackages().map(({ manifest }) => manifest.engines?.node))
  const [range, ...others] = ranges
  const version = /^>=(\d+\.\d+)$/.exec(range ?? '')?.[1]
  if (version === undefined || others.length > 0) {
    throw new Error(`Packages ask for ${[...ranges].join(', ')}: write one >=major.minor for all.`)
  }
  return `${version}.0`
}
