/**
 * Why this Node cannot run the demo, in one sentence; undefined when it can.
 *
 * @param version - as in `process.versions.node`
 * @param manifest - text of the package's manifest, whose `engines.node` is of the form `>=24.0`
 */
export function nodeTooOld(version: string, manifest: string): string | undefined {
  const wanted = /"node":\s*">=([\d.]+)"/.exec(manifest)?.[1]
  if (wanted === undefined || compareVersions(version, wanted) >= 0) return undefined
  return (
    `The demo needs Node ${wanted} or newer, and this is Node ${version}: ` +
    'run "npm run demo" in the root of the repository, which fetches one, or install it from https://nodejs.org.'
  )
}

function compareVersions(left: string, right: string): number {
  const [leftParts, rightParts] = [left.split('.').map(Number), right.split('.').map(Number)]
  for (const [index, part] of rightParts.entries()) {
    const difference = (leftParts[index] ?? 0) - part
    if (difference !== 0) return difference
  }
  return 0
}
