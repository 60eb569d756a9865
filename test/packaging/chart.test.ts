import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { settings } from '../../src/config/settings.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { type KubernetesObject, mistakesIn } from './kubernetes-object.ts'

interface Deployment extends KubernetesObject {
  spec: {
    template: { spec: { containers: { env: { name: string; value: string }[]; securityContext: object }[] } }
  }
}

const project = resolve(import.meta.dirname, '../..')
const chart = join(project, 'packaging/helm/postern')

const withPostgres = {
  replicas: 3,
  publicUrl: 'https://postern.example.com:8443',
  existingSecret: 'postern-settings',
  settings: { POSTERN_ORGANISATION: 'Example Ltd', POSTERN_METRICS_MAILBOXES: 5 },
  key: { existingSecret: 'postern-key' },
  database: { existingSecret: 'postern-database' },
  smtp: {
    tlsSecret: 'postern-smtp-tls',
    service: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      annotations: { 'example.com/pool': 'mail' },
    },
  },
  web: {
    trustedProxies: '10.0.0.0/8',
    ingress: {
      enabled: true,
      className: 'nginx',
      annotations: { 'example.com/size': '1m' },
      tlsSecret: 'web-tls',
    },
  },
  metrics: { enabled: true, serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
  networkPolicy: {
    smtpFrom: [{ ipBlock: { cidr: '192.0.2.0/24' } }],
    webFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }],
    metricsFrom: [{ podSelector: {} }],
  },
  imagePullSecrets: [{ name: 'registry' }],
  podAnnotations: { 'example.com/a': 'b' },
  nodeSelector: { 'kubernetes.io/arch': 'arm64' },
  tolerations: [{ key: 'mail', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
  ],
  serviceAccount: { annotations: { 'example.com/role': 'mail' } },
}
const onAVolume = { smtp: { plainAuth: true }, persistence: { storageClass: 'fast' } }

describe.runIf(peer('Go and sprig'))('the chart', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-chart-'))
    // Debian's Go libraries are where Go looked before there were modules.
    const env = {
      ...process.env,
      GO111MODULE: 'off',
      GOPATH: '/usr/share/gocode',
      GOFLAGS: '',
      GOCACHE: join(folder, 'cache'),
    }
    execFileSync('go', ['build', '-o', join(folder, 'render'), '.'], {
      cwd: join(project, 'test/support/render-chart'),
      env,
    })
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true }))

  function render(values: object) {
    const { status, stdout, stderr } = spawnSync(join(folder, 'render'), [chart, 'postern', 'mail'], {
      input: JSON.stringify(values),
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  function objects(values: object): KubernetesObject[] {
    const { stdout, stderr } = render(values)
    expect(stderr).toBe('')
    const [, ...parts] = stdout.split(/^---\n# Source: /m)
    return parts
      .filter((part) => !part.startsWith('NOTES.txt'))
      .flatMap((part) => parseAllDocuments(part.replace(/^.*\n/, '')))
      .map((document) => document.toJS())
      .filter((object) => object !== null)
  }
  const deploymentOf = (values: object) =>
    objects(values).find(({ kind }) => kind === 'Deployment') as Deployment

  it.each([
    [
      'on a volume',
      onAVolume,
      ['Deployment', 'NetworkPolicy', 'PersistentVolumeClaim', 'Service', 'Service', 'ServiceAccount'],
    ],
    [
      'with PostgreSQL and all that can be had',
      withPostgres,
      [
        'Deployment',
        'Ingress',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'Service',
        'Service',
        'Service',
        'ServiceAccount',
        'ServiceMonitor',
      ],
    ],
  ])('%s: Kubernetes knows each field of it', (_, values, kinds) => {
    const all = objects(values)
    expect(all.map(({ kind }) => kind).sort()).toEqual(kinds)
    expect(all.flatMap(mistakesIn)).toEqual([])
  })

  it('the ingress is for the name of the pages, whatever their port', () => {
    expect(objects(withPostgres).find(({ kind }) => kind === 'Ingress')).toMatchObject({
      spec: { tls: [{ hosts: ['postern.example.com'] }], rules: [{ host: 'postern.example.com' }] },
    })
  })

  it('one replica on a volume ends before the next begins; with PostgreSQL there is no gap', () => {
    expect(deploymentOf(onAVolume).spec).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    })
    expect(deploymentOf(withPostgres).spec).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
    })
  })

  it('the pod has no rights, and time to stop', () => {
    const { spec } = deploymentOf(onAVolume).spec.template
    expect(spec).toMatchObject({
      terminationGracePeriodSeconds: 45,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, fsGroupChangePolicy: 'OnRootMismatch' },
    })
    expect(spec.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it.each([
    ['on a volume', onAVolume],
    ['with PostgreSQL', withPostgres],
  ])('%s: postern knows each setting', (_, values) => {
    const [container] = deploymentOf(values).spec.template.spec.containers
    const known = new Set(Object.values(settings).map(({ name }) => name))
    const given = (container?.env ?? []).map(({ name }) => name.replace(/_FILE$/, ''))
    expect(given.filter((name) => !known.has(name) && !known.has(`${name}_FILE`))).toEqual([])
    expect(new Set(given).size).toBe(given.length)
  })

  it('postern takes the settings', async () => {
    const [container] = deploymentOf(onAVolume).spec.template.spec.containers
    const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))
    const said = await runProgram(process.execPath, [join(project, 'dist/main.js'), 'config'], {
      cwd: folder,
      env,
    })
    expect(said).toMatchObject({ code: 0, output: expect.stringContaining('postern-web.mail.svc') })
  })

  it.each([
    ['several replicas without PostgreSQL', { ...onAVolume, replicas: 2 }, 'replicas: '],
    [
      'PostgreSQL without a key for every pod',
      { ...withPostgres, key: { existingSecret: '' } },
      'key.existingSecret: ',
    ],
    ['neither a certificate nor a word that there is none', {}, 'smtp: '],
    [
      'a monitor without metrics',
      { ...onAVolume, metrics: { serviceMonitor: { enabled: true } } },
      'metrics.serviceMonitor: ',
    ],
    [
      'a policy for clients from outside that cannot come',
      { smtp: { plainAuth: true, service: { externalTrafficPolicy: 'Local' } } },
      'externalTrafficPolicy: ',
    ],
    [
      'PostgreSQL and a volume with a store',
      { ...withPostgres, persistence: { existingClaim: 'postern' } },
      'persistence.existingClaim: ',
    ],
    ['an ingress without its address', { ...onAVolume, web: { ingress: { enabled: true } } }, 'publicUrl: '],
  ])('%s is refused', (_, values, why) => {
    const { status, stderr } = render(values)
    expect(status).toBe(1)
    expect(stderr).toContain(why)
  })
})

it('a field that Kubernetes does not know, a wrong type and what is missing are mistakes', () => {
  const spec = { replica: 2, replicas: '2', selector: {} }
  expect(mistakesIn({ apiVersion: 'apps/v1', kind: 'Deployment', ...{ spec } })).toEqual([
    'Deployment.spec.template is missing',
    'Deployment.spec.replica is unknown',
    'Deployment.spec.replicas is no number',
  ])
})

describe('the versions of the chart', () => {
  it('are that of postern', async () => {
    const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))
    const text = await readFile(join(chart, 'Chart.yaml'), 'utf8')
    expect(text).toContain(`\nversion: ${version}\nappVersion: ${version}\n`)
  })
})
