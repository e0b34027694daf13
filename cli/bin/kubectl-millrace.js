#!/usr/bin/env node
// On the PATH, kubectl takes it as its plugin: `kubectl millrace …`.
import { start } from './start.js';

await start('kubectl millrace');
