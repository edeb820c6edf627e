// Which Node runs the repository's own tooling. Kept to syntax that a very old Node can parse, so that
// it gets as far as saying that it is too old.

/** Below this version of Node even npm cannot be relied on to fetch a newer one. */
export const oldestLauncher = 20

/** What the launcher fetches where the machine's Node cannot run the tooling. */
export const bundledNode = 'node@24.21.0'

/**
 * Decides what to do on a machine with this Node.
 *
 * @param {string} version - as in `process.versions.node`
 * @param {string} wanted - `engines.node` of the root manifest, a range of the form `>=24.0`
 * @returns {{ type: 'use-own' } | { type: 'fetch', sentence: string } | { type: 'refuse', sentence: string }}
 */
export function judgeNode(version, wanted) {
  const [major, minor] = numbers(version)
  const [wantedMajor, wantedMinor = 0] = numbers(wanted)
  if (major < oldestLauncher) {
    return {
      type: 'refuse',
      sentence:
        `casty needs Node ${oldestLauncher} or newer to set itself up, and this is Node ${version}: ` +
        'install a current Node from https://nodejs.org and run the command again.',
    }
  }
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    return {
      type: 'fetch',
      sentence: `Node ${version} is older than ${wanted}: npm fetches ${bundledNode} for this run (once).`,
    }
  }
  return { type: 'use-own' }
}

function numbers(text) {
  return text.match(/\d+/g).map(Number)
}
