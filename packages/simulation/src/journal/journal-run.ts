import type { ActionType } from '../run/action.ts'
import type { Run } from '../run/run.ts'
import type { Scenario, Watcher } from '../run/scenario.ts'
import type { JournalHost, JournalHostState } from './host.ts'

export type JournalRun = Run<JournalHost, JournalHostState>
export type JournalScenario = Scenario<JournalHost, JournalHostState>
export type JournalWatcher = Watcher<JournalHost, JournalHostState>
export type JournalAction = ActionType<JournalHost, JournalHostState>
