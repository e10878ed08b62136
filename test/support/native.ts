import { installNative } from '../../src/crypto/native.ts'

installNative()
