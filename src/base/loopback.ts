/** Whether a host, as it stands in a URL or in `Host`, is this machine itself: `localhost`, `127.0.0.1` and its like, `[::1]`. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(host)
}

/** `127.0.0.1:9117`; a port on another machine, or none, is not. */
export function isLoopbackPort(text: string): boolean {
  const [, host = ''] = /^(.+):\d{1,5}$/.exec(text) ?? []
  return isLoopbackHost(host)
}
