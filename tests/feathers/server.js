// Serves the platform of the current folder on one loopback port and its control, for the tests, on another.
//
// Its argument is Socket.IO's heartbeat: {"pingInterval": milliseconds, "pingTimeout": milliseconds}.
// Prints {"platform": port, "control": port} when both listen; ends when its standard input ends.

import http from 'node:http'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const { platform } = await import(pathToFileURL(resolve('platform.js')))

const NO_SCRIPT = {
  refuseSockets: false,
  pageCap: null,
  answerAfter: 0,
  failures: { count: 0, status: 500 },
  held: {},
  paused: [],
  refusePods: null,
  connections: 0
}

const script = structuredClone(NO_SCRIPT)
const calls = []
const app = platform(script, calls, JSON.parse(process.argv[2] ?? '{}'))

// What a test may ask for: POST /<name> with a JSON body, answered with JSON.
const control = {
  reset: async () => {
    Object.assign(script, structuredClone(NO_SCRIPT))
    calls.length = 0
  },
  script: async (changes) => void Object.assign(script, changes),
  calls: async () => calls,
  connections: async () => script.connections,
  // The local strategy stores hashes, so the password is hashed as a registration would.
  addUser: async ({ password, ...user }) => {
    const [local] = app.service('authentication').getStrategies('local')
    return app.service('users').create({ ...user, password: await local.hashPassword(password, {}) })
  },
  add: async ({ service, record, owner, announce }) =>
    app.service(service).create({ ...record, userId: owner }, { quiet: !announce }),
  change: async ({ service, id, changes, announce }) => app.service(service).patch(id, changes, { quiet: !announce }),
  remove: async ({ service, id, announce }) => app.service(service).remove(id, { quiet: !announce }),
  tick: async (ticker) => void app.service('exchanges/ticker').emit('patched', ticker),
  cutSockets: async ({ user }) => {
    // A map in Socket.IO 4, an object in 2.
    const { sockets: all } = app.io.sockets
    const sockets = (all.values ? [...all.values()] : Object.values(all)).filter(
      ({ feathers }) => feathers.person === user
    )
    sockets.forEach((socket) => socket.disconnect(true))
    return sockets.length
  }
}

const controlServer = http.createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  let status = 200
  let answer
  try {
    answer = await control[request.url.slice(1)](JSON.parse(Buffer.concat(chunks).toString() || '{}'))
  } catch (error) {
    status = 500
    answer = { message: error.message }
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? null))
})

process.stdin.resume().on('end', () => process.exit(0))
const platformServer = await app.listen(0, '127.0.0.1')
if (!platformServer.listening) await new Promise((resolve) => platformServer.once('listening', resolve))
await new Promise((resolve) => controlServer.listen(0, '127.0.0.1', resolve))
console.log(JSON.stringify({ platform: platformServer.address().port, control: controlServer.address().port }))
