/** Ask what a namespace is compared with. */

import * as vscode from 'vscode';
import { type Model, type NamespaceRef, placeOf, reference } from '../model';
import { input, pick } from '../messages';
import { Dismissed } from '../prompts';
import type { Project, SnapshotInfo } from '../protocol';
import * as format from '../format';
import type { Server } from '../server';
import { seedFiles } from '../seedFiles';
import type { Other } from './panel';

const { t } = vscode.l10n;

interface Choice extends vscode.QuickPickItem {
    other?: () => Other | Promise<Other>;
}

/** Return what to compare a namespace with: the nearest things first. */
export async function askOther(server: Server, model: Model, space: NamespaceRef): Promise<Other> {
    await model.ready();
    const project = model.project(space.config);
    const spaces = model.projects.flatMap((one) => namespacesOf(one, space, model.projects.length > 1));
    const snapshots = project ? await server.ask('kvlens.snapshotList', { config: space.config }) : [];
    const files = await seedFiles(server, space);
    const choices: Choice[] = [
        ...part(t('The same binding'), spaces.filter(({ same }) => same)),
        ...part(t('Other namespaces'), spaces.filter(({ same }) => !same)),
        ...part(t('Snapshots'), [...snapshots].reverse().map(ofSnapshot)),
        ...part(t('Elsewhere'), [
            {
                label: t('Another Store…'),
                description: t('by its URL: Redis, Cloudflare, another folder'),
                iconPath: new vscode.ThemeIcon('database'),
                other: askStore,
            },
            ...files.map((file) => ofFile(file)),
            {
                label: t('Seed or Export File…'),
                iconPath: new vscode.ThemeIcon('file'),
                other: askFile,
            },
        ]),
    ];
    const title = t('Compare {0}', space.binding);
    const options = { title, placeHolder: t('Compare with…'), matchOnDescription: true, matchOnDetail: true };
    const chosen = await pick(choices, options);
    if (!chosen?.other) {
        throw new Dismissed();
    }
    return chosen.other();
}

function part(name: string, choices: Choice[]): Choice[] {
    return choices.length
        ? [{ label: name, kind: vscode.QuickPickItemKind.Separator }, ...choices]
        : [];
}

function namespacesOf(project: Project, space: NamespaceRef, several: boolean): (Choice & { same: boolean })[] {
    const { word, isRemote } = placeOf(project);
    return project.namespaces
        .map((namespace) => reference(project, namespace))
        .filter(({ id, config }) => id !== space.id || config !== space.config)
        .map((one) => ({
            label: one.binding,
            description: [one.environment ?? t('top level'), word].join(' · '),
            detail: several ? project.label : undefined,
            iconPath: new vscode.ThemeIcon(isRemote ? 'cloud' : 'symbol-namespace'),
            same: one.binding === space.binding,
            other: () => one,
        }));
}

function ofSnapshot({ name, created, keys }: SnapshotInfo): Choice {
    return {
        label: name,
        description: [format.moment(created), format.count(keys, 'key')].join(' · '),
        iconPath: new vscode.ThemeIcon('history'),
        other: () => ({ snapshot: name }),
    };
}

function ofFile(file: vscode.Uri): Choice {
    return {
        label: vscode.workspace.asRelativePath(file),
        iconPath: new vscode.ThemeIcon('file'),
        other: () => ({ file: file.toString() }),
    };
}

async function askStore(): Promise<Other> {
    const url = await input({
        title: t('Compare with Another Store'),
        prompt: t('URL of the store: redis://HOST:PORT, cloudflare:ACCOUNT_ID or wrangler:PATH'),
        placeHolder: 'redis://127.0.0.1:6379',
        ignoreFocusOut: true,
        validateInput: (typed) => (typed.includes(':') ? undefined : t('A URL such as redis://127.0.0.1:6379')),
    });
    if (!url) {
        throw new Dismissed();
    }
    return { store: url.trim() };
}

async function askFile(): Promise<Other> {
    const filters = { JSON: ['json'] };
    const [file] = (await vscode.window.showOpenDialog({ title: t('Compare with File'), filters })) ?? [];
    if (!file) {
        throw new Dismissed();
    }
    return { file: file.toString() };
}
