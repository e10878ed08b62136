import { describe, expect, it } from 'vitest'
import { canonicalValue, receivedValue } from '../../src/indicator/canonical.ts'
import { hostOfUrl } from '../../src/indicator/url.ts'

const canonical = (text: string) => canonicalValue('url', text).value

describe('a URL', () => {
  it.each([
    ['HTTP://EVIL.Example', 'http://evil.example/'],
    ['http://evil.example.:80/', 'http://evil.example/'],
    ['https://evil.example:443/a', 'https://evil.example/a'],
    ['http://evil.example:443/a', 'http://evil.example:443/a'],
    ['http://evil.example:/a', 'http://evil.example/a'],
    ['http://evil.example:0080/a', 'http://evil.example/a'],
    ['ftp://evil.example:21/a', 'ftp://evil.example/a'],
    ['tcp://192.0.2.1:4444', 'tcp://192.0.2.1:4444/'],
    ['http://evil.example/a/./b/../c', 'http://evil.example/a/c'],
    ['http://evil.example/../../a/..', 'http://evil.example/'],
    ['http://evil.example/a/.', 'http://evil.example/a/'],
    ['http://evil.example/a/%2e%2E/b', 'http://evil.example/b'],
    ['http://evil.example/a//b', 'http://evil.example/a//b'],
    ['http://evil.example/.hidden/..x', 'http://evil.example/.hidden/..x'],
    ['http://evil.example/%7euser/%2f%3a', 'http://evil.example/~user/%2F%3A'],
    ['http://evil.example/100%', 'http://evil.example/100%25'],
    ['http://evil.example/%2%35', 'http://evil.example/%2525'],
    ['http://evil.example/%2525', 'http://evil.example/%2525'],
    ['http://evil.example/My File.exe', 'http://evil.example/My%20File.exe'],
    ['http://evil.example/a?x[]=1&y={z}|', 'http://evil.example/a?x%5B%5D=1&y=%7Bz%7D%7C'],
    ['http://evil.example/ä?ö#ü', 'http://evil.example/%C3%A4?%C3%B6#%C3%BC'],
    ['http://evil.example/😀', 'http://evil.example/%F0%9F%98%80'],
    ['http://bücher.example/', 'http://xn--bcher-kva.example/'],
    ['http://ex%61mple.test/', 'http://example.test/'],
    ['http://[2001:DB8:0::1]:8080/', 'http://[2001:db8::1]:8080/'],
    ['http://localhost/', 'http://localhost/'],
    ['http://user:p@ss@evil.example/', 'http://user:p%40ss@evil.example/'],
    ['http://0x7f.1/', 'http://0x7f.1/'],
    ['http://3221225985/', 'http://3221225985/'],
    ['http://0300.0.02.01/', 'http://0300.0.02.01/'],
  ])('writes %s as %s', (text, value) => {
    expect(canonical(text)).toBe(value)
  })

  it.each([
    'http://evil.example/Path/UPPER.php',
    'http://evil.example/?b=2&a=1&b=1',
    'http://evil.example/?',
    'http://evil.example/#',
    'http://evil.example/?redirect=http://other.example/?x#frag/../y',
    'http://User:Secret@evil.example/',
    'http://evil.example/index.html?',
    "http://evil.example/a;p=1,2/b!$&'()*+,;=:@",
  ])('keeps the evidence in %s', text => {
    expect(canonical(text)).toBe(text)
  })

  it.each([
    ['evil.example/a', 'starts with a scheme and "://"'],
    ['http:/evil.example', 'starts with a scheme and "://"'],
    ['//evil.example/a', 'starts with a scheme and "://"'],
    ['http:\\\\evil.example\\a', 'starts with a scheme and "://"'],
    ['javascript://evil.example/', 'scheme "javascript" is not taken'],
    ['http://', 'the host is empty'],
    ['http:///a', 'the host is empty'],
    ['http://user@/a', 'the host is empty'],
    ['http://evil.example:65536/', 'port 65536 is above 65535'],
    ['http://evil.example:8o/', 'is no host and port'],
    ['http://evil.example:1:2/', 'is no host and port'],
    ['http://999.1.1.1/', 'octet 999 is above 255'],
    ['http://[fe80::1%25eth0]/', 'a zone id has no meaning'],
    ['http://[2001:db8::1/', 'is no host and port'],
    ['http://evil.example\\@other.example/', 'a backslash before the path is read in two ways'],
    ['http://evil..example/', 'a label is empty'],
    ['http://evil example/', '" " cannot stand in a name'],
    ['http://evil.exa%2fmple/', '"%" cannot stand in a name'],
    ['http://evil.example/a\nb', 'a URL has no control characters'],
  ])('refuses %j and says why', (text, reason) => {
    expect(() => canonical(text)).toThrow(reason)
  })

  it('refuses one that grows beyond the cap by encoding', () => {
    expect(() => canonical(`http://evil.example/${'ä'.repeat(2000)}`)).toThrow('at most 8192 are allowed')
  })

  it('takes any scheme from the wire, and no Unicode host', () => {
    expect(receivedValue('url', 'Later+Scheme://EVIL.example').value).toBe('later+scheme://evil.example/')
    expect(() => receivedValue('url', 'http://bücher.example/')).toThrow('a name in canonical form is ASCII')
  })

  it('tells its host, without brackets and user', () => {
    expect(hostOfUrl('http://a@evil.example:81/x@y')).toBe('evil.example')
    expect(hostOfUrl('http://[2001:db8::1]/')).toBe('2001:db8::1')
  })
})
