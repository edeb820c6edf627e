// Finds the browser, or has the distribution install it.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { apt, canInstall } from '../../distribution/index.ts'
import { withLock } from '../../distribution/lock.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Where Chromium is; installs it if it is not there, or says why that cannot be. */
export async function chromiumProgram(): Promise<string | { readonly missing: string }> {
  return find() ?? (await withLock('casty-install-chromium', async () => find() ?? install()))
}

function find(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  return places.find((place) => existsSync(place))
}

async function install(): Promise<string | { readonly missing: string }> {
  if (!(await canInstall())) {
    return { missing: 'there is no Chromium, and no apt-get to install one' }
  }
  console.log('Installing Chromium from the packages of the distribution …')
  await apt('update') // Lists that are partly out of date are no hindrance by themselves.
  const { isGood, output } = await apt('install', '-y', '--no-install-recommends', 'chromium')
  if (!isGood) return { missing: `Chromium cannot be installed: ${output.trim().slice(-500)}` }
  return find() ?? { missing: 'Chromium was installed, and is not on the path' }
}
