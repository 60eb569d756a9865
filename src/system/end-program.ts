import { type ChildProcess, spawn } from 'node:child_process'

interface EndOptions {
  /** It was begun as the leader of a group of its own, which ends with it. */
  group?: boolean
  platform?: NodeJS.Platform
  /** Runs a program of the system. */
  run?: (program: string, words: readonly string[]) => unknown
}

/** Ends a program at once, and on Windows what it has begun: where a shell runs a command, to end the shell alone ends nothing. */
export function endProgram(
  { pid }: Pick<ChildProcess, 'pid'>,
  { group = false, platform = process.platform, run = runHidden }: EndOptions = {},
): void {
  if (pid === undefined) return
  if (platform === 'win32') {
    run('taskkill.exe', ['/PID', String(pid), '/T', '/F'])
    return
  }
  try {
    process.kill(group ? -pid : pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function runHidden(program: string, words: readonly string[]): void {
  // What cannot be started ends nothing; the command has a limit of its own then.
  spawn(program, words, { stdio: 'ignore', windowsHide: true }).on('error', () => {})
}
