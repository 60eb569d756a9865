import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { freePort } from '../../examples/demo/free-port.js'
import { command } from '../../examples/demo/mailbox.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { eventually } from '../support/eventually.ts'
import { startExim } from '../support/exim.ts'
import { type LegacyStage, setLegacyStage } from '../support/legacy-stage.ts'
import { jakartaMail, type Peer, peer, phpMailer, searchPath } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'
import { type Outcome, type RunOptions, runProgram } from '../support/run-program.ts'
import { blocksUnder, filledIn, readExample, swapped, type Values } from './filled-example.ts'

const [billing, recipient] = ['billing@example.com', 'someone@example.net']
const done: Outcome = { code: 0, output: '' }
const authority = '/etc/ssl/postern-ca.pem'

type Login = Pick<Values, 'user' | 'password'>
type Way = 'plain' | 'STARTTLS'
const bothWays: readonly Way[] = ['plain', 'STARTTLS']
const heading = { plain: 'On the same machine', STARTTLS: 'From another machine' }

describe.runIf(peer('dovecot'))('an example with its values filled in, through postern and Dovecot', () => {
  let stage: LegacyStage
  let folder: string
  let login: Login
  let logins: Record<'usual' | 'unused', Login>
  /** Of the authority that programs are told to trust. */
  let caFile: string
  beforeAll(async () => {
    stage = await setLegacyStage()
    folder = await mkdtemp(join(tmpdir(), 'postern-examples-'))
    await consentedMailbox(stage.postern, billing)
    logins = { usual: await addLogin('ticket-system'), unused: await addLogin('never-used') }
  })
  afterAll(async () => {
    await stage?.close()
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach(() => {
    stage.forget()
    caFile = stage.caFile
    login = logins.usual
  })

  async function addLogin(user: string): Promise<Login> {
    return { user, ...(await command(stage.postern, 'login', 'add', billing, '--user', user)) }
  }

  const fill = (text: string, way: Way, more: Partial<Values> = {}) =>
    filledIn(text, { port: stage.ports[way], caFile, user: login.user, password: login.password, ...more })

  const run = (name: string, words: readonly string[], options: RunOptions = {}) =>
    runProgram(name, words, { cwd: folder, ...options })

  /** A file of the example in a folder of this run. From another machine some lines are in the place of others. */
  async function file(name: string, way: Way, ...swaps: (readonly [string, string])[]): Promise<string> {
    const text = await readExample(name)
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, fill(way === 'plain' ? text : swapped(text, swaps), way))
    return path
  }

  /** The program sends one message: it arrives as it was sent, and TLS hid it where it should. */
  function sends(
    name: string,
    needs: readonly Peer[],
    ways: readonly Way[],
    send: (way: Way) => Promise<Outcome>,
    { checksAuthority } = { checksAuthority: ways.includes('STARTTLS') },
  ) {
    const isHere = peer(...needs)
    it.runIf(isHere).each(ways)(`${name}, %s`, async (way) => {
      expect(await send(way)).toEqual(done)
      await arrives(way)
    })
    if (!checksAuthority) return
    it.runIf(isHere)(`${name} does not sign in where it does not know the authority`, async () => {
      caFile = stage.otherCaFile
      login = logins.unused
      expect(await send('STARTTLS')).not.toMatchObject({ code: 0 })
      await everythingIsLogged()
      expect(stage.postern.output()).not.toContain(`"login":"${login.user}"`)
    })
  }

  /** What was said before this line of the log has been read, too. */
  async function everythingIsLogged(): Promise<void> {
    const links = () => stage.postern.output().split('"event":"consent-link.made"').length
    const before = links()
    await command(stage.postern, 'consent', billing)
    await eventually('the line of the link is read', () => links() > before)
  }

  async function arrives(way: Way): Promise<void> {
    const { arrived, sent, dialogue, overheard } = await stage.delivered()
    expect(arrived).toMatchObject([{ sender: billing, recipients: [recipient] }])
    expect(arrived[0]?.raw.toString('latin1')).toBe(sent[0]?.toString('latin1'))
    expect(dialogue).toMatch(/^AUTH (PLAIN|LOGIN)/im)
    expect(/^MAIL FROM/im.test(overheard.toString('latin1'))).toBe(way === 'plain')
  }

  describe('a library', () => {
    sends('Python', ['python3'], bothWays, async (way) => {
      const near = 'with smtplib.SMTP("127.0.0.1", 2587) as server:'
      const far = `with smtplib.SMTP("postern.example.com", 2587) as server:
    server.starttls(context=ssl.create_default_context(cafile="${authority}"))`
      return run('python3', [await file('python.py', way, [near, far])])
    })

    /** php.ini, as the examples say it. */
    const trusting = (way: Way) => (way === 'plain' ? [] : ['-d', `openssl.cafile=${caFile}`])
    const host = ["'127.0.0.1'", "'postern.example.com'"] as const

    sends('PHPMailer', ['PHPMailer'], bothWays, async (way) => {
      const tls = [
        '$mail->SMTPAutoTLS = false;',
        '$mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS;',
      ] as const
      const script = await file('phpmailer.php', way, host, tls)
      return run('php', [...trusting(way), script], { env: { PHPMAILER: phpMailer } })
    })

    sends('WordPress', ['PHPMailer'], bothWays, async (way) => {
      const tls = ['$mail->SMTPAutoTLS = false;', "$mail->SMTPSecure = 'tls';"] as const
      const plugin = await file('wordpress.php', way, host, tls)
      const words = [...trusting(way), standIn('wordpress.php'), plugin, recipient]
      return run('php', words, { env: { PHPMAILER: phpMailer } })
    })

    sends('Jakarta Mail', ['Jakarta Mail'], bothWays, async (way) => {
      const near = 'props.put("mail.smtp.host", "127.0.0.1");'
      const far = `props.put("mail.smtp.host", "postern.example.com");
      props.put("mail.smtp.starttls.required", "true");
      props.put("mail.smtp.ssl.checkserveridentity", "true");`
      const source = await file('JakartaMail.java', way, [near, far])
      const words = ['-cp', jakartaMail.join(':')]
      if (way === 'STARTTLS') words.push(...(await trustStore()))
      return run('java', [...words, source])
    })

    /** As the example has it done to that of Java itself. */
    async function trustStore(): Promise<string[]> {
      const store = join(await mkdtemp(join(folder, 'trusted-')), 'cacerts')
      const words = ['-importcert', '-noprompt', '-alias', 'postern', '-file', caFile]
      const made = await run('keytool', [...words, '-keystore', store, '-storepass', 'changeit'])
      expect(made.code, made.output).toBe(0)
      return [`-Djavax.net.ssl.trustStore=${store}`, '-Djavax.net.ssl.trustStorePassword=changeit']
    }

    // Debian's Mono comes without a TLS of today.
    sends('System.Net.Mail, by Mono', ['Mono'], ['plain'], async (way) => {
      const source = await file('SystemNetMail.cs', way)
      const program = join(folder, 'program.exe')
      expect(await run('mcs', ['-nowarn:618', `-out:${program}`, source])).toEqual(done)
      return run('mono', [program])
    })
  })

  describe('a command-line program', () => {
    const blocks = async (program: string) => blocksUnder(await readExample('command-line.md'), program)
    const block = async (program: string, way: Way) => {
      const found = await blocks(program)
      expect(found).toHaveLength(2)
      return fill(found[way === 'plain' ? 0 : 1] ?? '', way)
    }
    const message = `From: ${billing}\nTo: ${recipient}\nSubject: Hello\n\nIt arrived.\n`

    sends('msmtp', ['msmtp'], bothWays, async (way) => {
      const path = join(folder, 'msmtprc')
      await writeFile(path, await block('msmtp', way), { mode: 0o600 })
      return run('msmtp', [`--file=${path}`, recipient], { input: message })
    })

    sends('curl', ['curl'], bothWays, async (way) => {
      await writeFile(join(folder, 'message.eml'), message.replaceAll('\n', '\r\n'))
      const quietly = (await block('curl', way)).replace('curl ', 'curl --silent --show-error ')
      return run('sh', ['-c', quietly])
    })

    sends('swaks', ['swaks'], bothWays, async (way) => {
      const { code, output } = await run('sh', ['-c', await block('swaks', way)])
      return { code, output: code === 0 ? '' : output }
    })

    sends('s-nail', ['s-nail'], bothWays, async (way) => {
      await writeFile(join(folder, 'text'), 'It arrived.\n')
      return run('sh', [
        '-c',
        (await block('s-nail', way)).replace('s-nail ', 's-nail -:/ -S DEAD=/dev/null '),
      ])
    })

    sends('git send-email', ['git send-email'], bothWays, async (way) => {
      const repository = await mkdtemp(join(folder, 'repository-'))
      const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
      const me = {
        GIT_AUTHOR_NAME: 'Me',
        GIT_AUTHOR_EMAIL: billing,
        GIT_COMMITTER_NAME: 'Me',
        GIT_COMMITTER_EMAIL: billing,
      }
      const here = { cwd: repository, env: { ...env, ...me } }
      const patch = `From: ${billing}\nSubject: [PATCH] change\n\n---\n diff\n\n-- \n2.39.5\n`
      await writeFile(join(repository, '0001-change.patch'), patch)
      expect(
        await run('sh', ['-ec', `git init --quiet\n${await block('git send-email', way)}`], here),
      ).toEqual(done)
      const words = [`--to=${recipient}`, '--confirm=never', '--suppress-cc=all', '--quiet']
      const { code, output } = await run('git', ['send-email', ...words, '0001-change.patch'], here)
      return { code, output: code === 0 ? '' : output }
    })
  })

  describe('a mail server', () => {
    it.runIf(peer('exim')).each(bothWays)('Exim, %s', async (way) => {
      const names = [
        'update-exim4.conf.conf',
        'conf.d/router/150_postern',
        'conf.d/main/000_localmacros',
        'passwd.client',
      ]
      if (way === 'STARTTLS') names.splice(1, 1)
      const blocks = blocksUnder(await readExample('exim.md'), heading[way])
      expect(blocks).toHaveLength(names.length)
      const filled = fill(blocks.join('\0'), way, { caFile: authority }).split('\0')
      // Exim takes an address at which it listens for itself; here 127.0.0.1 stands for another machine.
      if (way === 'STARTTLS') filled[0] = filled[0]?.replace('127.0.0.1', '127.0.0.2') ?? ''
      const exim = await startExim({
        ...Object.fromEntries(names.map((name, index) => [`exim4/${name}`, filled[index] ?? ''])),
        'ssl/postern-ca.pem': await readFile(caFile, 'utf8'),
      })
      try {
        const message = `To: ${recipient}\nSubject: Hello\n\nIt arrived.\n`
        expect(await exim.handIn(message, billing, recipient), await exim.log()).toEqual(done)
        expect(await exim.log()).toMatch(/ => someone@example\.net .*A=(plain|login)/)
        await arrives(way)
      } finally {
        await exim.close()
      }
    })

    it.runIf(peer('postfix')).each(bothWays)('Postfix, %s', async (way) => {
      const [settings = '', passwords = ''] = blocksUnder(await readExample('postfix.md'), heading[way])
      const [mainCf = '', saslPasswd = ''] = fill([settings, passwords].join('\0'), way).split('\0')
      const postfix = await startPostfix({}, { mainCf, saslPasswd })
      try {
        const message = `To: ${recipient}\nSubject: Hello\n\nIt arrived.\n`
        expect(await postfix.handIn(message, billing, recipient)).toEqual(done)
        await eventually('Postfix is done', async () => /status=sent/.test(await postfix.log()))
        await arrives(way)
      } finally {
        await postfix.close()
      }
    })
  })

  describe('software with a page of its own', () => {
    sends('Home Assistant', ['python3'], ['STARTTLS'], async (way) => {
      const [notify] = homeAssistant.parse(parse(fill(await readExample('home-assistant.yaml'), way))).notify
      const env = { REQUESTS_CA_BUNDLE: caFile }
      return run('python3', [standIn('home-assistant.py')], { input: JSON.stringify(notify), env })
    })

    const throughTrueNas = async (way: Way) => {
      const [block = ''] = blocksUnder(await readExample('truenas.md'), 'By a command')
      const said = await run('sh', ['-ec', fill(block.replace('midclt', 'printf "%s\\n"'), way)])
      const [verb, method, words = ''] = said.output.split(/\n([\s\S]*?)\n([\s\S]*)/)
      expect([verb, method]).toEqual(['call', 'mail.update'])
      const input = JSON.stringify(trueNas.parse(JSON.parse(words)))
      return run('python3', [standIn('truenas.py'), recipient], { input })
    }
    // As its page says.
    sends('TrueNAS', ['python3'], ['STARTTLS'], throughTrueNas, { checksAuthority: false })

    it.runIf(peer('alertmanager')).each(bothWays)('Alertmanager, %s', async (way) => {
      const host = ['smtp_smarthost: 127.0.0.1:2587', 'smtp_smarthost: postern.example.com:2587'] as const
      const tls = ['smtp_require_tls: false', 'smtp_require_tls: true'] as const
      const trusting = `tls_config: { ca_file: ${authority} }`
      const path = await file('prometheus/alertmanager.yml', way, host, tls, [`# ${trusting}`, trusting])
      await writeFile(path, (await readFile(path, 'utf8')).replace('group_wait: 10s', 'group_wait: 1s'))
      const web = `127.0.0.1:${await freePort()}`
      const words = [`--config.file=${path}`, `--storage.path=${await mkdtemp(join(folder, 'alerts-'))}`]
      words.push(`--web.listen-address=${web}`, '--cluster.listen-address=')
      const child = spawn('prometheus-alertmanager', words, { stdio: 'ignore', env: { PATH: searchPath } })
      const ended = once(child, 'close')
      const body = JSON.stringify([{ labels: { alertname: 'PosternNotReady' } }])
      const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      const isTaken = async () =>
        (await fetch(`http://${web}/api/v2/alerts`, request).catch(() => undefined))?.ok
      try {
        await eventually('Alertmanager takes an alert', isTaken)
        await arrives(way)
      } finally {
        child.kill()
        await ended
      }
    })

    // Debian's gem mail 2.7 with Ruby 3.1 takes STARTTLS also where it is switched off; GitLab's own is newer.
    sends('GitLab', ['Action Mailer'], ['STARTTLS'], async (way) => {
      // The lines for another machine stand behind the others, and win.
      const text = (await readExample('gitlab.rb')).replaceAll(/^#gitlab_rails/gm, 'gitlab_rails')
      const path = join(folder, 'gitlab.rb')
      await writeFile(path, fill(text, way))
      return run('ruby', [standIn('gitlab.rb'), path, recipient])
    })

    sends('Nextcloud', ['Symfony Mailer'], ['STARTTLS'], async (way) => {
      const host = ["'mail_smtphost' => '127.0.0.1'", "'mail_smtphost' => 'postern.example.com'"] as const
      const secure = "'mail_smtpsecure' => '',"
      const cafile = `'mail_smtpstreamoptions' => ['ssl' => ['cafile' => '${authority}']],`
      const path = await file('nextcloud.config.php', way, host, [secure, cafile])
      return run('php', [standIn('nextcloud.php'), path, recipient])
    })

    sends('Zabbix, by curl', ['curl'], bothWays, async (way) => {
      const [block = ''] = blocksUnder(await readExample('zabbix.md'), heading[way])
      const type = zabbix.parse(JSON.parse(fill(block, way)))
      const path = join(folder, 'alert.eml')
      await writeFile(path, `From: ${billing}\r\nTo: ${recipient}\r\nSubject: Problem\r\n\r\nIt arrived.\r\n`)
      const scheme = type.smtp_security === 2 ? 'smtps' : 'smtp'
      const words = [
        '--silent',
        '--show-error',
        '--url',
        `${scheme}://${type.smtp_server}:${type.smtp_port}/${type.smtp_helo}`,
      ]
      if (type.smtp_security === 1) words.push('--ssl-reqd', '--cacert', caFile)
      words.push('--user', `${type.username}:${type.passwd}`, '--mail-from', type.smtp_email)
      return run('curl', [...words, '--mail-rcpt', recipient, '--upload-file', path])
    })
  })
})

const standIn = (name: string) => join(import.meta.dirname, 'stand-ins', name)

/** What Home Assistant takes there, and nothing else. */
const homeAssistant = z.strictObject({
  notify: z.tuple([
    z.strictObject({
      name: z.string(),
      platform: z.literal('smtp'),
      server: z.string(),
      port: z.int(),
      encryption: z.enum(['tls', 'starttls', 'none']),
      verify_ssl: z.boolean(),
      username: z.string(),
      password: z.string(),
      sender: z.email(),
      sender_name: z.string(),
      recipient: z.email(),
    }),
  ]),
})

/** The parameter of TrueNAS's `mail.update`. */
const trueNas = z.strictObject({
  fromemail: z.email(),
  fromname: z.string(),
  outgoingserver: z.string(),
  port: z.int(),
  security: z.enum(['PLAIN', 'SSL', 'TLS']),
  smtp: z.boolean(),
  user: z.string(),
  pass: z.string(),
})

/** The media type of Zabbix's API, as far as it is for mail. */
const zabbix = z.strictObject({
  name: z.string(),
  type: z.literal(0),
  smtp_server: z.string(),
  smtp_port: z.int(),
  smtp_helo: z.string(),
  smtp_email: z.email(),
  smtp_security: z.literal([0, 1, 2]),
  smtp_verify_peer: z.literal(1).optional(),
  smtp_verify_host: z.literal(1).optional(),
  smtp_authentication: z.literal(1),
  username: z.string(),
  passwd: z.string(),
})
