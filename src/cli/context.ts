import type { Command } from 'commander'
import type { Secret } from '../base/secret.ts'
import type { Config } from '../config/config.ts'
import type { EffectiveConfig } from '../config/read-config.ts'
import type { Broker } from './broker.ts'
import type { Terminal } from './terminal.ts'

/** What a verb works with. */
export interface Context {
  terminal: Terminal
  /** @throws Failure `configuration` with every mistake */
  config(): EffectiveConfig
  /** Runs until a signal ends it; resolves with the exit code. */
  serve(config: Config): Promise<number>
  /** Does something with the running postern, or with the store when none runs. */
  withBroker<T>(work: (broker: Broker, config: Config) => Promise<T>): Promise<T>
  secret(from: string): Promise<Secret>
  /** Writes a result: as JSON with `--json`, in words otherwise. */
  tell(command: Command, result: unknown, words: string): void
  exitCode: number
}
