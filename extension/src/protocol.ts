/** What the language server is asked and answers: the commands of `workspace/executeCommand`. */

import type { Range } from 'vscode-languageclient/node';

/** One config file and the emulator that serves its namespaces. */
export interface Project {
    /** URI of the config file. */
    config: string;
    /** The config's path relative to its workspace folder. */
    label: string;
    state: EmulatorState;
    url?: string | null;
    /** Why the emulator is stopped or has failed. */
    message?: string | null;
    store: string;
    namespaces: Namespace[];
}

export type EmulatorState = 'running' | 'starting' | 'stopped' | 'failed';

export interface Namespace {
    binding: string;
    /** The name in the store: `preview_id`, else `id`, else the binding. */
    id: string;
    /** null at the top level of the config. */
    environment: string | null;
    keys?: number | null;
    /** Bytes of all values. */
    size?: number | null;
    /** The entry's place in the config. */
    range?: Range;
}

/** How a request names a namespace: the id is enough, the rest is checked where it is given. */
export interface Target {
    config: string;
    id: string;
    binding?: string;
    environment?: string | null;
}

/** A namespace with all of its names. */
export type NamespaceRef = Required<Target>;

export interface KeyInfo {
    name: string;
    /** Unix seconds. */
    expiration?: number | null;
    metadata?: unknown;
}

export interface KeyPage {
    keys: KeyInfo[];
    list_complete: boolean;
    cursor?: string | null;
}

export interface Value {
    text?: string;
    base64?: string;
    /** Bytes. */
    size: number;
    expiration?: number | null;
    metadata?: unknown;
}

export interface Address {
    url: string;
    rest: string;
    token: string;
    account: string;
}

/** Notification `kvlens/changed`: keys of one namespace, or (without id) the namespaces. */
export interface Changed {
    config: string;
    id?: string | null;
}

/** Notification `kvlens/status`. */
export interface Status {
    config: string;
    state: EmulatorState;
    url?: string | null;
    message?: string | null;
}

/** Each command with its parameters and its result. */
export interface Commands {
    'kvlens.namespaces': [Record<string, never>, Project[]];
    'kvlens.list': [Target & { prefix?: string; limit?: number; cursor?: string }, KeyPage];
    'kvlens.get': [Target & { key: string }, Value | null];
    'kvlens.put': [
        Target & {
            key: string;
            text?: string;
            base64?: string;
            metadata?: unknown;
            expiration?: number;
            expirationTtl?: number;
            keep?: boolean;
        },
        { kept?: boolean } | null,
    ];
    'kvlens.delete': [Target & { keys: string[] }, { deleted: number }];
    'kvlens.seed': [Target & { file: string }, { written: number }];
    'kvlens.export': [Target & { file: string }, { keys: number }];
    'kvlens.clear': [Target, { deleted: number }];
    'kvlens.restart': [{ config?: string }, { url: string }];
    'kvlens.address': [{ config?: string }, Address];
    'kvlens.addNamespace': [
        { config: string; environment: string | null; binding: string },
        unknown,
    ];
}
