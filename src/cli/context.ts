import type { Command } from 'commander'
import type { Secret } from '../base/secret.ts'
import type { Config, SmtpListener } from '../config/config.ts'
import type { EffectiveConfig } from '../config/read-config.ts'
import type { Broker, RunningBroker } from './broker.ts'
import type { Terminal } from './terminal.ts'

/** What a verb works with. */
export interface Context {
  terminal: Terminal
  /** @throws Failure `configuration` with every mistake */
  config(): Promise<EffectiveConfig>
  /** Also where other settings hold mistakes. @throws Failure `configuration` with every mistake when it is not known */
  dataDir(): Promise<string>
  /** Runs until a signal ends it; resolves with the exit code. */
  serve(config: Config): Promise<number>
  /** Does something with the running postern, or with the store when none runs; makes none. `smtp`: where applications hand in mail. */
  withBroker<T>(work: (broker: Broker, smtp: readonly SmtpListener[]) => Promise<T>): Promise<T>
  /** The same for what may be the first thing in a data directory. */
  withNewBroker<T>(work: (broker: Broker, smtp: readonly SmtpListener[]) => Promise<T>): Promise<T>
  /** Does something that needs the running postern. */
  withRunningBroker<T>(work: (broker: RunningBroker) => Promise<T>): Promise<T>
  /** What is allowed but should be known, on standard error. */
  warn(warnings: readonly string[]): void
  secret(from: string): Promise<Secret>
  /** Writes a result: as JSON with `--json`, in words otherwise. */
  tell(command: Command, result: unknown, words: string): void
  exitCode: number
}
