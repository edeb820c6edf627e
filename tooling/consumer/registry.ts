import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { PackageManifest } from '../checks/workspace.ts'
import type { PackedPackages } from '../pack.ts'

/** A read-only package registry on loopback. */
export interface Registry extends AsyncDisposable {
  /** As `.npmrc` wants it, with a slash at its end. */
  readonly url: string
}

/**
 * Serves the tarballs of a folder as a registry would, and nothing else: a package that needs more
 * than what is packed here fails to install.
 */
export async function serveTarballs({ folder, tarballs }: PackedPackages): Promise<Registry> {
  const manifests = new Map(tarballs.map((name) => [name, manifestIn(join(folder, name))]))
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1)
    if (manifests.has(path)) {
      response.end(readFileSync(join(folder, path)))
      return
    }
    const found = [...manifests].find(([, { name }]) => name === path)
    if (!found) answer(response, 404, { error: `${path} is not packed` })
    else answer(response, 200, packument(folder, url, ...found))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The registry has no port.')
  const url = `http://127.0.0.1:${address.port}/`
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** What a registry tells of a package: here, of its one version. */
function packument(folder: string, url: string, file: string, manifest: PackageManifest): unknown {
  const bytes = readFileSync(join(folder, file))
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  const { name, version } = manifest
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball: `${url}${file}`, integrity } } },
  }
}

function manifestIn(tarball: string): PackageManifest {
  const { stdout } = spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], {
    encoding: 'utf8',
  })
  // Written by pnpm from a manifest of this repository.
  return JSON.parse(stdout) as PackageManifest
}
