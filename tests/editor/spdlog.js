// The workbench's log files and output panels without the compiled module that it has for them:
// the same interface, one file a logger, written at once. Put in its place by the set-up.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

class Logger {
    constructor(_type, _name, file) {
        this.file = file;
        this.level = 2;
        this.raw = false;
        fs.mkdirSync(path.dirname(file), { recursive: true });
    }

    write(level, message) {
        if (level < this.level || !this.file) {
            return;
        }
        const time = new Date().toISOString().replace('T', ' ').slice(0, -1);
        const line = this.raw ? message : `${time} [${LEVELS[level]}] ${message}\n`;
        try {
            fs.appendFileSync(this.file, line);
        } catch {
            this.file = undefined; // its folder is gone: the window has been closed
        }
    }

    trace(message) { this.write(0, message); }
    debug(message) { this.write(1, message); }
    info(message) { this.write(2, message); }
    warn(message) { this.write(3, message); }
    error(message) { this.write(4, message); }
    critical(message) { this.write(5, message); }
    getLevel() { return this.level; }
    setLevel(level) { this.level = level; }
    setPattern() {}
    clearFormatters() { this.raw = true; }
    flush() {}
    drop() { this.file = undefined; }
}

const create = async (name, file) => new Logger('rotating', name, file);

exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
