// A stock FeathersJS 5 application with the services, ownership and events of the trading platform.

import { feathers } from '@feathersjs/feathers'
import { bodyParser, errorHandler, koa, rest } from '@feathersjs/koa'
import socketio from '@feathersjs/socketio'
import {
  AuthenticationBaseStrategy,
  AuthenticationService,
  JWTStrategy,
  authenticate
} from '@feathersjs/authentication'
import { LocalStrategy } from '@feathersjs/authentication-local'
import { MemoryService } from '@feathersjs/memory'
import errors from '@feathersjs/errors'
import { AUTHENTICATION, PAGES, PODS, SERVICES, apiKeyStrategy, pods, rule, watchSockets, withTokenLife } from './rules.js'

const { errors: byStatus } = errors

/** Build the application; `heartbeat` has Socket.IO's pingInterval and pingTimeout, in milliseconds. */
export function platform(script, calls, heartbeat) {
  const app = koa(feathers())
  app.set('authentication', AUTHENTICATION)
  app.use(errorHandler())
  app.use(bodyParser())
  app.configure(rest())
  app.configure(socketio(heartbeat, watchSockets(script)))

  app.use(PODS, pods(script, byStatus), { methods: ['create'] })
  for (const [path, methods] of Object.entries(SERVICES)) {
    app.use(path, new MemoryService(PAGES), { methods })
  }
  app.use('exchanges/ticker', { patch: async (_id, tick) => tick }, { methods: [] })
  const authentication = new (withTokenLife(AuthenticationService))(app)
  authentication.register('jwt', new JWTStrategy())
  authentication.register('local', new LocalStrategy())
  authentication.register('apiKey', new (apiKeyStrategy(AuthenticationBaseStrategy, byStatus))())
  app.use('authentication', authentication)

  return rule(app, { script, calls, authenticate: authenticate('jwt', 'apiKey'), byStatus })
}
