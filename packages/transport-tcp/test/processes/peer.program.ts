// A node in a process of its own, for a test to kill.
import { Node } from '../nodes.ts'

const node = await Node.start()
process.send?.(node.self.key)
process.on('disconnect', () => process.exit())
