// What npx keeps of earlier runs.
import { readFileSync, readdirSync } from 'fs'
import { homedir } from 'os'
import { join } from 'path'

/** Npm's cache folder: npm tells its scripts which it is; for others it is where it is by default. */
export function npmCacheFolder() {
  const { npm_config_cache, LOCALAPPDATA } = process.env
  if (npm_config_cache) return npm_config_cache
  return LOCALAPPDATA ? join(LOCALAPPDATA, 'npm-cache') : join(homedir(), '.npm')
}

/**
 * Whether npx has this package from an earlier run, so that nothing is fetched. Should npm keep such
 * things elsewhere one day, the answer is false: the launcher then announces what takes no time.
 *
 * @param {string} wanted - name and exact version, as in `node@24.21.0`
 * @param {string} cache - npm's cache folder
 */
export function isInNpxCache(wanted, cache) {
  const at = wanted.lastIndexOf('@')
  const [name, version] = [wanted.slice(0, at), wanted.slice(at + 1)]
  try {
    return readdirSync(join(cache, '_npx')).some(
      (folder) => versionIn(join(cache, '_npx', folder, 'node_modules', name)) === version,
    )
  } catch {
    return false // There is no such folder before npx has run for the first time.
  }
}

function versionIn(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version
  } catch {
    return undefined // Another package was run from there, or its installation broke off.
  }
}
