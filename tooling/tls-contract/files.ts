import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestCredentials } from './certificates.ts'

/** Files of one node, to be written again. */
export class CertificateFiles {
  /** As `tls` of a transport takes them. */
  readonly paths: TestCredentials

  constructor(folder: string, node: string) {
    this.paths = {
      ca: join(folder, `${node}-ca.crt`),
      cert: join(folder, `${node}.crt`),
      key: join(folder, `${node}.key`),
    }
  }

  async write({ ca, cert, key }: Partial<TestCredentials>): Promise<void> {
    if (ca !== undefined) await writeWhole(this.paths.ca, ca)
    if (cert !== undefined) await writeWhole(this.paths.cert, cert)
    if (key !== undefined) await writeWhole(this.paths.key, key)
  }
}

/** Whoever reads it meanwhile sees the old one or the new one, and no half. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
