import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { asFailure, type Failure, failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import { putInPlace } from '../store/data-dir.ts'
import type { Context } from './context.ts'
import { describeFailure } from './terminal.ts'

interface ExportOptions {
  mailbox?: string
  watch?: boolean
  json?: boolean
}

/** `postern export sasl-xoauth2 PATH` */
export function addExportVerbs(program: Command, context: Context): void {
  const all = program
    .command('export')
    .description('write access tokens where another program reads them; refresh tokens never leave')

  all
    .command('sasl-xoauth2')
    .argument('<path>', 'the token file, as Postfix names it in its password map')
    .description('write a token file for sasl-xoauth2, the plugin that lets Postfix sign in by itself')
    .option('--mailbox <address>', 'whose token (default: the name of the file)')
    .option('--watch', 'stay, and write it again whenever there is another token')
    .addHelpText('after', help)
    .action(async (given: string, options: ExportOptions, command: Command) => {
      const path = resolve(given)
      const mailbox = options.mailbox ?? basename(path)
      const write = createTokenFile(path, mailbox, context)
      if (options.watch) return watch(write, options.json ?? false, context)
      const { expiresIn } = await write()
      const words = `Wrote ${path}: a token of ${mailbox} for ${expiresIn} seconds. With --watch it stays fresh.\n`
      context.tell(command, { file: path, mailbox, expiresIn }, words)
    })
}

const help = `
The file is for its owner alone (mode 0600): the owner of the file that was there, or else of the folder. It takes the
place of the old one in one step, and holds no refresh token: the plugin must not renew what postern renews
(manage_token_externally).

Example, as a service beside Postfix (examples/with-token/postfix-main.cf has its side):
  postern export sasl-xoauth2 /etc/tokens/billing@example.com --watch`

interface Written {
  /** Whether there was another token than the one before. */
  isNew: boolean
  expiresIn: number
}

/** Gives what asks for the token and, where it is another one, writes the file. */
function createTokenFile(path: string, mailbox: string, context: Context): () => Promise<Written> {
  let before: string | undefined
  return async () => {
    const { user, token } = await context.withRunningBroker(async (broker) => {
      const { address, acceptedName, saslUser, signsInAs } = await broker.mailboxes.show(mailbox)
      const json = (await broker.token(address, { format: 'json' })).reveal()
      return {
        user: acceptedName ?? saslUser ?? signsInAs,
        token: JSON.parse(json) as { access_token: string; expires_in: number },
      }
    })
    const { access_token: accessToken, expires_in: expiresIn } = token
    const isNew = accessToken !== before
    if (isNew) {
      const content = {
        access_token: accessToken,
        // Of versions that do not know the last member, these two keep them from renewing it before it ends.
        expiry: String(Math.floor(Date.now() / 1000) + expiresIn),
        refresh_token: '',
        ...(user !== undefined && { user }),
        manage_token_externally: 'true',
      }
      await writeOwned(path, `${JSON.stringify(content, undefined, 2)}\n`)
      before = accessToken
    }
    return { isNew, expiresIn }
  }
}

/** Whole or not at all, under the mode and owner that it has to have from its first octet on. */
async function writeOwned(path: string, text: string): Promise<void> {
  const draft = `${path}.new`
  let file: FileHandle | undefined
  try {
    const { uid, gid } = await stat(path).catch(() => stat(dirname(path)))
    await rm(draft, { force: true })
    // In a folder of another user nothing that stands there already is written to.
    file = await open(draft, 'wx', 0o600)
    const made = await file.stat()
    if (made.uid !== uid || made.gid !== gid) await file.chown(uid, gid)
    await file.writeFile(text)
    await file.sync()
    await file.close()
    await putInPlace(draft, path)
  } catch (cause) {
    await file?.close().catch(() => {})
    await rm(draft, { force: true }).catch(() => {})
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw failure('export.unwritable', { path: printable(path), reason, cause })
  }
}

/** In seconds: a token that was renewed early, on demand, is in the file so long afterwards at the latest. */
const [leastPause, mostPause] = [1, 30]
/** What does not pass by itself. */
const lasting: readonly Failure['code'][] = ['not-found', 'invalid', 'forbidden', 'configuration']

/** Goes on until it is ended by a signal, or by what does not pass. The file of before stays while there is no token. */
async function watch(write: () => Promise<Written>, asJson: boolean, { terminal }: Context): Promise<never> {
  let told: string | undefined
  for (;;) {
    let pause = mostPause
    try {
      const { isNew, expiresIn } = await write()
      if (isNew) {
        const line = asJson
          ? JSON.stringify({ written: true, expiresIn })
          : `Wrote a token for ${expiresIn} seconds.`
        terminal.stdout.write(`${line}\n`)
      }
      told = undefined
      pause = expiresIn / 2
    } catch (error) {
      const failed = asFailure(error)
      if (lasting.includes(failed.code)) throw error
      // Once, and not each time that it is tried again.
      if (failed.message !== told) terminal.stderr.write(describeFailure(error, asJson))
      told = failed.message
      pause = failed.retryAfterSeconds ?? mostPause
    }
    await wait(Math.min(mostPause, Math.max(leastPause, pause)) * 1000)
  }
}
