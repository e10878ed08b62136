/** Texts to begin with: documentation addresses and `.example` names in the forms in which they are met. */

export const VALUES: readonly string[] = [
  'evil.example',
  'B\u00fccher.example',
  'xn--bcher-kva.example.',
  '192.0.2.1',
  '192.0.2.0/24',
  '2001:DB8::1',
  '::ffff:192.0.2.1',
  '2001:db8::/32',
  'hxxps://user@evil[.]example:8080/a/../b?x=1#y',
  'http://192.0.2.1/%7euser/%2e%2e',
  'ftp://[2001:db8::1]:21/',
  'someone@mail.example',
  '"a b"@mail.example',
  'd41d8cd98f00b204e9800998ecf8427e',
  'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709',
  'CVE-2026-0001',
  'AS64496',
  'C:\\Windows\\Temp\\a.exe',
  'HKLM\\Software\\Example',
  'evil.example:443',
  'Mozilla/5.0 (X11)',
]

export const PATTERNS: readonly string[] = [
  "[domain-name:value = 'a.example']",
  "[file:hashes.'SHA-256' = '\\'x\\\\' AND file:size > 10] FOLLOWEDBY [ipv4-addr:value ISSUBSET '192.0.2.0/24']",
  "([url:value LIKE 'http://%'] OR [email-addr:value IN ('a@b.example', 'c@d.example')]) REPEATS 5 TIMES WITHIN 10 SECONDS",
  "[x:y[*].z NOT MATCHES '^a' AND t:u = t'2026-01-02T03:04:05Z'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
  "[process:pid = -1 AND file:name != h'00ff' OR (a:b = true AND EXISTS c:d)]",
]

export const TABLES: readonly string[] = [
  'value,type,description\nevil.example,domain,"a, b"\n192.0.2.1,ipv4,"he said ""no"""\n',
  'ioc;first seen;tlp\r\nhxxp://a[.]example;2026-01-02;AMBER\r\n;;\r\n',
  '"id"\t"indicator"\t"md5"\n1\tevil.example\td41d8cd98f00b204e9800998ecf8427e\n',
  'date,ip,port\n02/01/2026,192.0.2.1,80\n13/01/2026,192.0.2.2,443\n',
]

export const LISTS: readonly string[] = [
  '# a list\nevil.example\n192.0.2.1 # remark\n\n||ads.example^\n0.0.0.0 bad.example\n',
  'evil[.]example, other[.]example\nhxxp://a.example/b\nsomeone[@]mail.example\n',
  '\ufeffevil.example\r\nd41d8cd98f00b204e9800998ecf8427e\r',
]

const bundle = (...objects: readonly object[]) =>
  JSON.stringify({ type: 'bundle', id: 'bundle--00000000-0000-4000-8000-000000000000', objects })

export const BUNDLES: readonly string[] = [
  bundle({
    type: 'indicator',
    spec_version: '2.1',
    id: 'indicator--00000000-0000-4000-8000-000000000001',
    created: '2026-01-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    pattern_type: 'stix',
    pattern: "[domain-name:value = 'a.example'] OR [ipv4-addr:value = '192.0.2.1']",
    valid_from: '2026-01-01T00:00:00Z',
    labels: ['malicious-activity'],
    object_marking_refs: ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82'],
    external_references: [{ source_name: 'a', url: 'https://a.example/' }],
    confidence: 80,
  }),
  bundle(
    { type: 'malware', id: 'malware--00000000-0000-4000-8000-000000000002', name: 'x', is_family: false },
    { type: 'relationship', id: 'relationship--00000000-0000-4000-8000-000000000003', relationship_type: 'indicates' },
    { type: 'ipv4-addr', id: 'ipv4-addr--00000000-0000-5000-8000-000000000004', value: '192.0.2.1' },
    {
      type: 'file',
      id: 'file--00000000-0000-5000-8000-000000000005',
      hashes: { MD5: 'd41d8cd98f00b204e9800998ecf8427e' },
    },
  ),
  '{"type":"bundle","objects":[{"a":"\\u00e4\\ud83d\\ude00"},[[[{}]]],1e999,null]}',
]
