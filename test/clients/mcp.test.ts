import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'

const me = 'me@example.com'
const root = join(import.meta.dirname, '../..')
const program = join(root, 'dist/main.js')

/** What a tool answers, as an agent reads it. */
interface Told {
  text: string
  isError: boolean
}

describe('postern mcp, with the client of its official library', () => {
  let stage: Stage
  let keys: { plain: string; limited: string; approved: string }

  beforeAll(async () => {
    stage = await setStage()
    await consentedMailbox(stage.postern, me)
    const keyWith = async (...words: string[]) =>
      (await command(stage.postern, 'api-key', 'add', '--scope', `send:${me}`, ...words)).key as string
    keys = {
      plain: await keyWith(),
      limited: await keyWith('--recipient', '*@example.net', '--rate', '5/hour'),
      approved: await keyWith('--approve'),
    }
  }, 60_000)
  afterAll(() => stage?.close())
  beforeEach(() => {
    stage.mailProvider.messages.splice(0)
  })

  const environment = (key: string, url = stage.postern.url) => ({
    PATH: process.env.PATH ?? '',
    HOME: '/nonexistent',
    POSTERN_API_KEY: key,
    POSTERN_API_URL: url,
  })

  async function connect(key: string, url?: string) {
    const client = new Client({ name: 'an-agent', version: '1' })
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, 'mcp'],
      env: environment(key, url),
      stderr: 'pipe',
    })
    await client.connect(transport)
    onTestFinished(() => client.close())
    return {
      client,
      async call(name: string, args: Record<string, unknown> = {}): Promise<Told> {
        const { content, isError } = await client.callTool({ name, arguments: args })
        const [first] = content as { text?: string }[]
        return { text: first?.text ?? '', isError: isError === true }
      },
    }
  }

  const message = (over: object = {}) => ({
    from: me,
    to: 'you@example.net',
    subject: 'Hi',
    text: 'Hello.',
    ...over,
  })

  it('it offers exactly three tools, with the schema of the API', async () => {
    const { client } = await connect(keys.plain)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['send', 'dry_run', 'what_may_i_do'])
    const response = await fetch(`${stage.postern.url}/api/v1/openapi.json`, {
      headers: { authorization: `Bearer ${keys.plain}` },
    })
    const { paths } = (await response.json()) as never as {
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: object }> } } }>
    }
    const { schema } = paths['/messages']?.post.requestBody.content['application/json'] ?? { schema: {} }
    const { properties, required } = schema as { properties: object; required: string[] }
    for (const tool of tools.slice(0, 2)) {
      expect(Object.keys(tool.inputSchema.properties ?? {})).toEqual(Object.keys(properties))
      expect(tool.inputSchema.required).toEqual(required)
    }
    expect(JSON.stringify(tools)).not.toMatch(/approve a message|approve_/)
  })

  it('a dry run says what would happen, and sends nothing', async () => {
    const { call } = await connect(keys.approved)
    const would = JSON.parse((await call('dry_run', message())).text)
    expect(would).toMatchObject({ dryRun: true, wouldSend: true, needsApproval: true, problems: [] })
    const wrong = JSON.parse((await call('dry_run', message({ from: 'boss@example.com' }))).text)
    expect(wrong).toMatchObject({ wouldSend: false, problems: [{ code: 'sender-refused' }] })
    expect(stage.mailProvider.messages).toEqual([])
  })

  it('it sends, with attachments, and says what the provider said', async () => {
    const { call } = await connect(keys.plain)
    const content = Buffer.from([0, 255, 10]).toString('base64')
    const told = await call('send', message({ attachments: [{ name: 'a.bin', content }] }))
    expect(told).toEqual({
      isError: false,
      text: 'Sent from me@example.com to you@example.net. The provider said: 250 Your message is in the inbox.',
    })
    expect(stage.mailProvider.messages[0]?.raw.toString()).toContain(content)
  })

  it('it says what is refused, why, and what to do', async () => {
    const { call } = await connect(keys.limited)
    const foreign = await call('send', message({ to: 'boss@example.org' }))
    expect(foreign.isError).toBe(true)
    expect(foreign.text).toMatch(/^Not sent: .*may not send.*What to do: .*\(limits\.recipients-refused\)$/)
    const sender = await call('send', message({ from: 'boss@example.com' }))
    expect(sender.text).toMatch(/^Not sent: .*boss@example\.com/)
    expect(stage.mailProvider.messages).toEqual([])
  })

  it('a message that needs approval is held, said so with its id, and nothing approves it', async () => {
    const { client, call } = await connect(keys.approved)
    const { text, isError } = await call('send', message())
    expect([text, isError]).toEqual([
      expect.stringMatching(/^Not sent yet: held for approval as [0-9a-f]{16}/),
      false,
    ])
    expect(text).not.toMatch(/https?:|\/approve/)
    for (const name of ['approve', 'approvals', 'refuse'])
      await expect(client.callTool({ name, arguments: {} })).rejects.toThrow()
    expect(stage.mailProvider.messages).toEqual([])
    const may = JSON.parse((await call('what_may_i_do')).text)
    expect(may).toMatchObject({ needsApproval: true, waiting: 1 })
    await command(stage.postern, 'approvals', 'approve', /[0-9a-f]{16}/.exec(text)?.[0] ?? '')
    expect(stage.mailProvider.messages).toHaveLength(1)
  })

  it('it lists what the key may do, and what is left', async () => {
    const { call } = await connect(keys.limited)
    const first = JSON.parse((await call('what_may_i_do')).text)
    expect(first).toMatchObject({
      scopes: [`send:${me}`],
      sendsFrom: [me],
      limits: { recipients: ['*@example.net'], messagesPerHour: 5 },
      left: { messages: 5 },
      needsApproval: false,
    })
    await call('send', message())
    expect(JSON.parse((await call('what_may_i_do')).text).left).toEqual({ messages: 4 })
  })

  const malformed: [what: string, args: Record<string, unknown>][] = [
    ['a member that there is not', { from: me, to: 'you@example.net', priority: 'high' }],
    ['no sender', { to: 'you@example.net' }],
    ['a number for a text', { from: me, to: 'you@example.net', text: 4 }],
    ['an attachment that is no base64', { from: me, to: me, attachments: [{ content: '!' }] }],
    ['a header in a header', { from: me, to: me, subject: 'a\r\nBcc: you@example.net' }],
    ['an address that is none', { from: me, to: 'nobody' }],
  ]

  it('malformed input is refused, and sends nothing', async () => {
    const { call } = await connect(keys.plain)
    for (const [what, args] of malformed) {
      const told = await call('send', args).catch((error: Error) => ({ isError: true, text: error.message }))
      expect(told.isError, what).toBe(true)
      expect(told.text, what).not.toBe('')
    }
    expect(stage.mailProvider.messages).toEqual([])
  })

  it('an unknown tool is refused, and the next call works', async () => {
    const { client, call } = await connect(keys.plain)
    await expect(client.callTool({ name: 'delete_mailbox', arguments: {} })).rejects.toThrow()
    expect((await call('what_may_i_do')).isError).toBe(false)
  })

  it('a key that is not valid, and a postern that is not there, are told', async () => {
    const wrong = await connect('postern_0123456789abcdef_x')
    expect(await wrong.call('what_may_i_do')).toMatchObject({ isError: true })
    const nowhere = await connect(keys.plain, 'http://127.0.0.1:1')
    expect(await nowhere.call('send', message())).toMatchObject({
      isError: true,
      text: expect.stringContaining('Not sent'),
    })
  })

  it('where postern falls silent in the middle, the agent is told not to send it again', async () => {
    const silent = createServer((socket) => void socket.once('data', () => socket.destroy()))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { call } = await connect(keys.plain, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
    const { text, isError } = await call('send', message())
    expect([isError, text]).toEqual([
      true,
      expect.stringMatching(/^It is not known whether .* Do not send it/),
    ])
  })

  it('without a key it does not start: who owns the data directory may do too much', async () => {
    const { dataDir } = stage.process
    for (const [words, key] of [
      [[], undefined],
      [['--key-file', '-'], keys.plain],
    ] as const) {
      const env = { PATH: process.env.PATH ?? '', POSTERN_DATA_DIR: dataDir, POSTERN_API_KEY: key }
      const child = spawn(process.execPath, [program, 'mcp', ...words], { env })
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
      child.stdin.end(`${JSON.stringify(initialize)}\n`)
      expect(await once(child, 'close')).toEqual([2, null])
      expect(said).toContain('postern mcp needs an API key')
    }
  })

  /* What no client of the library would send. */

  function start(): ChildProcess {
    return spawn(process.execPath, [program, 'mcp'], { env: environment(keys.plain) })
  }

  const initialize = {
    ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
  }

  it('lines that are no JSON, or no request, end nothing', async () => {
    const child = start()
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    for (const line of ['not json', '[]', '{"jsonrpc":"2.0"}', '{"id":7}', JSON.stringify(initialize)])
      child.stdin?.write(`${line}\n`)
    await expect.poll(() => output, { timeout: 20_000 }).toContain('"serverInfo"')
    for (const line of output.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
    child.stdin?.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('it ends with standard input, after what was asked is answered', async () => {
    const empty = start()
    empty.stdin?.end()
    expect(await once(empty, 'exit')).toEqual([0, null])

    const child = start()
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    const lines = [
      initialize,
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'send', arguments: message() } },
    ]
    child.stdin?.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(output).toContain('"id":2')
    expect(stage.mailProvider.messages).toHaveLength(1)
  })

  it('the example for clients starts it', async () => {
    const { mcpServers } = JSON.parse(await readFile(join(root, 'examples/mcp/mcp.json'), 'utf8'))
    const { command: name, args, env } = mcpServers.postern
    expect([name, args]).toEqual(['npx', ['postern', 'mcp']])
    const client = new Client({ name: 'an-agent', version: '1' })
    const own = { ...env, POSTERN_API_KEY: keys.plain, POSTERN_API_URL: stage.postern.url }
    expect(Object.keys(own)).toEqual(Object.keys(env))
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, ...args.slice(1)],
      env: { ...environment(keys.plain), ...own },
    })
    await client.connect(transport)
    onTestFinished(() => client.close())
    expect((await client.listTools()).tools).toHaveLength(3)
  })
})
