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
    /** Why the config cannot be read. */
    problem?: string;
    store: string;
    namespaces: Namespace[];
    /** Namespaces with keys that no config names, such as one that was renamed. */
    unclaimed?: { id: string; keys: number; size?: number | null }[];
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
    /** No config names it. */
    unclaimed?: boolean;
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
    /** What `kvlens.put` takes as `expected`. */
    digest: string;
    /** The address of the store it is in, as it may be shown. */
    store: string;
    /** Whether a config names its namespace. */
    declared: boolean;
    expiration?: number | null;
    metadata?: unknown;
}

/** The code of the error where a put's `expected` is not what is there. */
export const CONTENT_MODIFIED = -32801;

/** Whether a request was refused since what it is about is not what was there before. */
export function isModified(error: unknown): boolean {
    return (error as { code?: unknown } | undefined)?.code === CONTENT_MODIFIED;
}

export interface Address {
    url: string;
    rest: string;
    token: string;
    account: string;
}

/** Notification `kvlens/changed`: keys of one namespace, or (without id) the namespaces. */
export interface Changed {
    /** Left out where any project may have changed. */
    config?: string;
    id?: string | null;
    /** The ids between which keys were moved. */
    moved?: { old: string; new: string };
}

/** Notification `kvlens/status`, and `kvlens/worker` for the project's Worker. */
export interface Status {
    config: string;
    state: EmulatorState;
    url?: string | null;
    message?: string | null;
}

/** Notification `kvlens/output`: what a Worker says, and what is said about it. */
export interface Output {
    config: string;
    event: 'log' | 'exception' | 'restarted' | 'failed' | 'request' | string;
    level?: string;
    message?: string;
    file?: string;
    line?: number;
    column?: number;
}

/** What all namespaces of a project held at a moment. */
export interface Snapshot {
    name: string;
    /** Unix seconds or an ISO date. */
    created: number | string;
    keys: number;
    /** Bytes of all values. */
    size: number;
}

/** What a restore does, in keys. */
export interface Restored {
    written: number;
    /** Those of the written that have something else now. */
    overwritten: number;
    deleted: number;
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
            /** The digest of the value that was read; empty where there was none. */
            expected?: string;
            /** What the value was read with: refused where it would go elsewhere. */
            store?: string;
            declared?: boolean;
        },
        { kept?: boolean } | null,
    ];
    'kvlens.delete': [Target & { keys: string[] }, { deleted: number }];
    'kvlens.seed': [
        Target & { file: string; existing?: 'refuse' | 'keep' | 'overwrite'; expected?: string },
        {
            written: number;
            overwritten?: number;
            warnings?: string[];
            /** Keys with other content, where nothing was written; some of them by name. */
            conflicts?: number;
            keys?: string[];
            digest?: string;
        },
    ];
    'kvlens.moveKeys': [
        Target & { from: string; existing?: 'keep' | 'overwrite'; expected?: string },
        /** There is a digest where nothing was moved because of the conflicts. */
        { moved: number; conflicts: number; keys: string[]; digest: string | null },
    ];
    'kvlens.export': [Target & { file: string }, { keys: number }];
    'kvlens.clear': [
        Target & { dryRun?: boolean; expected?: string },
        { deleted: number; keys?: number; digest?: string },
    ];
    'kvlens.restart': [{ config?: string }, { url: string }];
    'kvlens.address': [{ config?: string }, Address];
    'kvlens.run': [{ config: string; environment?: string }, { url: string }];
    'kvlens.stop': [{ config: string }, { stopped: boolean }];
    'kvlens.snapshotSave': [{ config: string; name: string; force?: boolean }, Snapshot];
    'kvlens.snapshotList': [{ config: string }, Snapshot[]];
    'kvlens.snapshotRestore': [
        { config: string; name: string; force?: boolean; expected?: string },
        Restored & { restored: boolean; digest: string; namespaces: (Target & Restored)[] },
    ];
    'kvlens.addNamespace': [
        { config: string; environment: string | null; binding: string },
        unknown,
    ];
}
