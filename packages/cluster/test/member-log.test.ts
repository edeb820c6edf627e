// What a log says of the cluster, with nothing else to look at.
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

test('a log tells who joined, who was unreachable, and who is gone', async () => {
  const world = new SystemWorld()
  await using _ = world
  const lines: string[] = []
  const note =
    (level: string) =>
    (details: object, message: string): void => {
      if ('member' in details) lines.push(`${level} ${message.replace(/#\d+/, '')}`)
    }
  const [info, warn] = [note('info'), note('warn')]
  await world.start('a', { logger: { debug() {}, info, warn, error() {} } })
  await world.start('b')
  await world.until(() => lines.includes('info b:1 is up'))
  await world.start('c')
  await world.until(() => lines.includes('info c:1 is up'))
  await world.shutdown('c')
  await world.kill('b')
  await world.until(() => lines.includes('info b:1 is removed'))
  expect(lines).toEqual([
    'info a:1, which is this node, is up',
    'info b:1 joins',
    'info b:1 is up',
    'info c:1 joins',
    'info c:1 is up',
    'info c:1 leaves',
    'info c:1 is removed',
    'warn b:1 is unreachable',
    'warn b:1 was downed',
    'info b:1 is removed',
  ])
})
