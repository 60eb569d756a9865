import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { awkwardMessage } from '../support/awkward-message.ts'
import { type LegacyStage, setLegacyStage } from '../support/legacy-stage.ts'
import type { Client, Security, SignIn, Task } from './client.ts'

export interface Way {
  security: Security
  /** At the port for another one. */
  portFor?: Security
  /** Absent: not signing in. */
  mechanism?: SignIn['mechanism']
  message?: Buffer
}

/** One postern and one Dovecot, and what clients need to send through them. */
export interface Sending {
  stage: LegacyStage
  taskFor(way: Way): Task
  /** What it sent has arrived, octet for octet; it has signed in by the mechanism that was named; TLS hid all of that. */
  sends(client: Client, way: Way): Promise<void>
  close(): Promise<void>
}

export async function prepareSending(): Promise<Sending> {
  const stage = await setLegacyStage()
  const signIns = await credentialsFor(stage)
  const folder = await mkdtemp(join(tmpdir(), 'postern-clients-'))
  const recipient = 'you@example.net'

  const taskFor = ({ security, portFor = security, mechanism, message }: Way): Task => ({
    port: stage.ports[portFor],
    security,
    caFile: stage.caFile,
    ...(mechanism && { signIn: { mechanism, ...signIns[mechanism] } }),
    sender: stage.mailbox.address,
    recipient,
    message: message ?? awkwardMessage(stage.mailbox.address, recipient),
    folder,
  })

  return {
    stage,
    taskFor,
    async sends(client, way) {
      const { security, mechanism } = way
      const task = taskFor(way)
      const outcome = await client.send(task)
      expect(outcome.output).not.toMatch(/\b[45]\d\d[ -]\d\.\d\.\d/)
      expect(outcome.code, outcome.output).toBe(0)

      const { sent, arrived, dialogue, overheard } = await stage.delivered()
      expect(arrived).toHaveLength(1)
      expect(arrived[0]).toMatchObject({ sender: task.sender, recipients: [recipient] })
      expect(arrived[0]?.raw.toString('latin1')).toBe(sent[0]?.toString('latin1'))
      if (client.verbatim) expect(arrived[0]?.raw.equals(task.message)).toBe(true)
      const tried = [...dialogue.matchAll(/^AUTH (\S+)/gim)].map(([, name]) => name)
      expect(tried).toEqual(mechanism ? [mechanism] : [])
      expect(/^STARTTLS\r$/im.test(dialogue)).toBe(security === 'STARTTLS')
      expect(/^MAIL FROM/im.test(overheard.toString('latin1'))).toBe(security === 'plain')
    },
    async close() {
      await stage.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Logins for passwords, for CRAM-MD5 and for who cannot sign in, and an API key as a bearer: all for the mailbox of the stage. */
async function credentialsFor({ postern, mailbox }: LegacyStage) {
  const addLogin = ['login', 'add', mailbox.address, '--user']
  const [challenged, { key }] = await Promise.all([
    command(postern, ...addLogin, 'old', '--cram-md5', '--network', '127.0.0.1'),
    command(postern, 'api-key', 'add', '--scope', `send:${mailbox.address}`),
    command(postern, ...addLogin, 'device', '--no-password', '--network', '127.0.0.1'),
  ])
  const passwords = { user: mailbox.user, secret: mailbox.password }
  const bearer = { user: mailbox.address, secret: key }
  return {
    PLAIN: passwords,
    LOGIN: passwords,
    'CRAM-MD5': { user: 'old', secret: challenged.password },
    XOAUTH2: bearer,
    OAUTHBEARER: bearer,
  }
}
