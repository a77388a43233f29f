/** The commands of the palette, the view and the status bar. */

import * as vscode from 'vscode';
import { nameOf, placeOf, SCHEME, uriOf } from './address';
import { bodyOf, bytesOf, formOf, hasOwnEditor, pictureOf } from './contents';
import * as format from './format';
import { brief, fail, inform, warn } from './messages';
import { type Model, reference, storeOf, whereIs } from './model';
import * as prompts from './prompts';
import {
    type Commands,
    isModified,
    type NamespaceRef,
    type Project,
    type Restored,
    type Value,
} from './protocol';
import type { Server } from './server';
import { type KeyNode, type MoreNode, type Node, namespaceOf, type Tree } from './tree';
import type { Workers } from './workers';

interface Parts {
    server: Server;
    model: Model;
    tree: Tree;
    view: vscode.TreeView<Node>;
    workers: Workers;
}

/** What the view or a lens over a config hands to a command. */
type Subject = Node | Named;

/** A namespace as a lens names it, with the file to seed it from where there is one. */
interface Named extends NamespaceRef {
    kind?: undefined;
    file?: string;
}

type Handler = (parts: Parts, node?: Subject, selection?: Node[]) => Promise<void> | void;

const COMMANDS: Record<string, Handler> = {
    'kvlens.seed': seed,
    'kvlens.put': put,
    'kvlens.get': get,
    'kvlens.delete': remove,
    'kvlens.deleteSelected': deleteSelected,
    'kvlens.list': list,
    'kvlens.export': exportKeys,
    'kvlens.clear': clear,
    'kvlens.moveKeys': moveKeys,
    'kvlens.restart': restart,
    'kvlens.address': copyAddress,
    'kvlens.copyCurl': copyCurl,
    'kvlens.showLog': ({ server }) => server.log.show(),
    'kvlens.refresh': ({ model }) => model.refresh(),
    'kvlens.run': runWorker,
    'kvlens.stop': stopWorker,
    'kvlens.browse': browse,
    'kvlens.showOutput': ({ workers }) => workers.output.show(),
    'kvlens.workerMenu': workerMenu,
    'kvlens.snapshotSave': saveSnapshot,
    'kvlens.snapshotRestore': restoreSnapshot,
    'kvlens.addNamespace': addNamespace,
    'kvlens.createConfig': createConfig,
    'kvlens.open': get,
    'kvlens.copyKey': copyKey,
    'kvlens.reveal': reveal,
    'kvlens.loadMore': ({ tree }, node) => tree.more(node as MoreNode),
    'kvlens.menu': menu,
    'kvlens.retry': ({ server }) => server.restart(),
    'kvlens.openSettings': openSettings,
};

/** What a workspace that is not trusted allows: none of it is run, opened or changed. */
const WITHOUT_TRUST = new Set([
    ...['addNamespace', 'createConfig', 'reveal', 'copyKey', 'refresh', 'menu', 'openSettings'],
    ...['showLog', 'showOutput', 'stop', 'retry', 'restart', 'workerMenu', 'loadMore'],
].map((name) => `kvlens.${name}`));

function requireTrust(): void {
    if (!vscode.workspace.isTrusted) {
        throw new prompts.NotTrusted(
            'This workspace is not trusted, so nothing in it is run or changed. Trust it first.',
        );
    }
}

/** Register every command; an error is shown in one line. */
export function registerCommands(parts: Parts): vscode.Disposable {
    return vscode.Disposable.from(
        ...Object.entries(COMMANDS).map(([id, handler]) =>
            vscode.commands.registerCommand(id, async (node?: Subject, selection?: Node[]) => {
                try {
                    if (!WITHOUT_TRUST.has(id)) {
                        requireTrust();
                    }
                    await handler(parts, node, selection);
                } catch (error) {
                    await tell(parts.server, id, error);
                }
            }),
        ),
        vscode.commands.registerCommand('kvlens.openRaw', openRaw),
    );
}

async function tell(server: Server, id: string, error: unknown): Promise<void> {
    if (error instanceof prompts.Dismissed) {
        return;
    }
    if (error instanceof prompts.NothingThere) {
        void inform(error.message);
        return;
    }
    if (error instanceof prompts.NotTrusted) {
        const manage = 'Manage Workspace Trust';
        if ((await warn(error.message, manage)) === manage) {
            await vscode.commands.executeCommand('workbench.trust.manage');
        }
        return;
    }
    const text = format.reason(error);
    server.log.error(`${id}: ${text}`);
    if (/cancell?ed/i.test(text)) {
        brief('KV Lens: cancelled');
        return;
    }
    const showLog = 'Show Log';
    if ((await fail(`KV Lens: ${text}`, showLog)) === showLog) {
        server.log.show();
    }
}

async function target(
    parts: Parts,
    node: Subject | undefined,
    title: string,
): Promise<NamespaceRef> {
    if (node && node.kind === undefined) {
        const { config, id, binding, environment } = node;
        return { config, id, binding, environment };
    }
    return namespaceOf(node) ?? (await prompts.namespace(parts.model, title));
}

function projectOf(node: Subject | undefined): Project | undefined {
    return node?.kind === 'project' || node?.kind === 'namespace' ? node.project : undefined;
}

/** The folder of a project's config. */
function folderOf(config: string): vscode.Uri {
    return vscode.Uri.joinPath(vscode.Uri.parse(config), '..');
}

async function seed(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Seed Namespace from File');
    const named = node && node.kind === undefined ? node.file : undefined;
    const file = named ?? (await askForSeed(space));
    if (!file) {
        return;
    }
    const request = { ...space, file };
    let answer = await parts.server.ask('kvlens.seed', { ...request, existing: 'refuse' });
    for (let again = ''; answer.conflicts; again = CHANGED) {
        const { conflicts, keys = [], digest } = answer;
        const detail =
            `${format.some(keys, 5, conflicts)} in ${where(parts, space)}. "Keep" writes only the ` +
            `other keys of the file.${again}`;
        const existing = await prompts.existing(space, detail, conflicts, 'Keep');
        answer = await parts.server.ask('kvlens.seed', { ...request, existing, expected: digest });
    }
    const { written, overwritten, warnings = [] } = answer;
    const others = overwritten ? `, ${overwritten.toLocaleString('en')} over another value` : '';
    const done = `Seeded ${format.count(written, 'key')} into ${nameOf(space)}${others}.`;
    if (!warnings.length) {
        void inform(done);
        return;
    }
    warnings.forEach((warning) => parts.server.log.warn(warning));
    const more = warnings.length > 1 ? ` (and ${warnings.length - 1} more in the log)` : '';
    const text = `${done} ${warnings[0]}${more}`;
    if ((await warn(text, 'Show Log')) === 'Show Log') {
        parts.server.log.show();
    }
}

async function askForSeed(space: NamespaceRef): Promise<string | undefined> {
    const files = await vscode.window.showOpenDialog({
        title: `Seed ${nameOf(space)}: a JSON file in the format of wrangler kv bulk put`,
        openLabel: 'Seed',
        defaultUri: await seedsFolder(space.config),
        filters: { 'JSON files': ['json'], 'All files': ['*'] },
    });
    return files?.[0]?.toString();
}

/** `seeds/` beside the config where there is one, else the config's own folder. */
async function seedsFolder(config: string): Promise<vscode.Uri> {
    const seeds = vscode.Uri.joinPath(folderOf(config), 'seeds');
    try {
        await vscode.workspace.fs.stat(seeds);
        return seeds;
    } catch {
        return folderOf(config);
    }
}

async function put(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Put Key');
    const readFile = async (uri: vscode.Uri): Promise<{ text: string } | { base64: string }> =>
        bodyOf(await vscode.workspace.fs.readFile(uri));
    const look = (key: string): Promise<Value | null> =>
        parts.server.ask('kvlens.get', { ...space, key });
    let what: prompts.Put | undefined;
    for (;;) {
        what = await prompts.put(space, readFile, look, what);
        try {
            await parts.server.ask('kvlens.put', { ...space, ...what });
            brief(`Put "${what.key}" into ${nameOf(space)}`);
            return;
        } catch (error) {
            // What was typed is not lost: it is asked for again as it was.
            const text = format.reason(error);
            parts.server.log.error(`kvlens.put: ${text}`);
            const again = 'Try Again…';
            if ((await fail(`KV Lens: ${text}`, again)) !== again) {
                return;
            }
        }
    }
}

async function get(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Get Key');
    const name =
        node?.kind === 'key'
            ? node.key.name
            : await prompts.key(parts.server, space, 'Get Key');
    await open(parts, space, name);
}

async function list(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'List Keys');
    await open(parts, space, await prompts.key(parts.server, space, 'List Keys'));
}

/** Open a value as text, or a picture as one; what is neither is shown as a dump. */
async function open(parts: Parts, space: NamespaceRef, key: string): Promise<void> {
    const value = await parts.server.ask('kvlens.get', { ...space, key });
    const bytes = value ? bytesOf(value) : new Uint8Array();
    const picture = pictureOf(bytes);
    if (picture) {
        await openRaw(uriOf(space, key));
    } else if (hasOwnEditor(key)) {
        const editor = formOf(bytes) === 'binary' ? [] : ['default'];
        const uri = uriOf(space, key, editor.length ? undefined : { name: key });
        await vscode.commands.executeCommand(
            editor.length ? 'vscode.openWith' : 'vscode.open',
            uri,
            ...editor,
        );
    } else {
        await vscode.commands.executeCommand('vscode.open', uriOf(space, key));
    }
}

/** Open a value's bytes, which are not edited, in the editor that VS Code has for them. */
async function openRaw(uri: vscode.Uri, editor?: string): Promise<void> {
    const place = placeOf(uri);
    const raw = uriOf(place, place.key, { name: place.key });
    if (editor) {
        await vscode.commands.executeCommand('vscode.openWith', raw, editor);
        return;
    }
    const picture = pictureOf(await vscode.workspace.fs.readFile(raw));
    const named = new RegExp(`\\.${picture}$`, 'i').test(place.key.replace(/\.jpeg?$/i, '.jpg'));
    const name = named || !picture ? place.key : `${place.key}.${picture}`;
    await vscode.commands.executeCommand('vscode.open', uriOf(place, place.key, { name }));
}

async function remove(parts: Parts, node?: Subject, selection?: Node[]): Promise<void> {
    if (node?.kind === 'key') {
        // As everywhere in VS Code: a menu over a row that is not selected is about that row.
        const selected = selection?.some((one) => one.kind === 'key' && same(one, node));
        await removeKeys(parts, selected && selection ? selection : [node]);
        return;
    }
    const space = await target(parts, node, 'Delete Key');
    const key = await prompts.key(parts.server, space, 'Delete Key');
    await removeGroups(parts, [{ space, keys: [key] }]);
}

function same(one: KeyNode, other: KeyNode): boolean {
    const [a, b] = [one, other].map((node) => uriOf(refOf(node), node.key.name).toString());
    return a === b;
}

function refOf(node: KeyNode): NamespaceRef {
    return reference(node.parent.project, node.parent.namespace);
}

/** What the Delete key does in the view. */
async function deleteSelected(parts: Parts): Promise<void> {
    await parts.tree.settled();
    await removeKeys(parts, [...parts.view.selection]);
}

/** Keys of one namespace that are to be deleted. */
interface Group {
    space: NamespaceRef;
    keys: string[];
}

async function removeKeys(parts: Parts, selection: Node[]): Promise<void> {
    const groups = new Map<string, Group>();
    const taken = new Set<string>();
    for (const node of selection) {
        if (node.kind !== 'key') {
            continue;
        }
        const space = refOf(node);
        const { config, id, binding, environment } = space;
        // Two bindings with one id have the same keys: each is deleted, and counted, once.
        const key = JSON.stringify([config, id, node.key.name]);
        if (!taken.has(key)) {
            taken.add(key);
            const place = JSON.stringify([config, environment, binding, id]);
            const group = groups.get(place) ?? { space, keys: [] };
            group.keys.push(node.key.name);
            groups.set(place, group);
        }
    }
    if (groups.size) {
        const others = selection.flatMap((node) =>
            node.kind === 'namespace' ? [nameOf(reference(node.project, node.namespace))] : [],
        );
        await removeGroups(parts, [...groups.values()], others);
    }
}

async function removeGroups(parts: Parts, groups: Group[], others: string[] = []): Promise<void> {
    const total = groups.reduce((sum, { keys }) => sum + keys.length, 0);
    const what = total === 1 ? `"${groups[0].keys[0]}"` : format.count(total, 'key');
    const from = groups.length === 1 ? nameOf(groups[0].space) : `${groups.length} namespaces`;
    const lines = groups.map(({ space, keys }) => {
        const names = total === 1 ? '' : `: ${format.some(keys)}`;
        return `${nameOf(space)} in ${where(parts, space)}${names}`;
    });
    lines.push('The values and their metadata cannot be brought back.');
    if (others.length) {
        lines.push(`${others.join(', ')} stays: "Clear Namespace…" deletes all of its keys.`);
    }
    await prompts.confirm(`Delete ${what} from ${from}?`, lines, 'Delete');
    const done: Group[] = [];
    for (const { space, keys } of groups) {
        try {
            await parts.server.ask('kvlens.delete', { ...space, keys });
        } catch (error) {
            const why = format.reason(error);
            const left = groups.filter((group) => !done.some((one) => one.space === group.space));
            throw new Error(
                `${why} Deleted: ${listed(done) || 'nothing'}. Not deleted: ${listed(left)}.`,
            );
        }
        done.push({ space, keys });
    }
    brief(`Deleted ${what} from ${from}`);
}

function listed(groups: Group[]): string {
    return groups.map(({ space, keys }) => `${format.some(keys)} of ${nameOf(space)}`).join('; ');
}

function projectWith(parts: Parts, config: string): Project | undefined {
    return parts.model.projects.find((project) => project.config === config);
}

function where(parts: Parts, space: NamespaceRef): string {
    return whereIs(space, projectWith(parts, space.config));
}

async function exportKeys(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Export Namespace');
    const folder = await seedsFolder(space.config);
    const name = space.environment === null ? [space.binding] : [space.binding, space.environment];
    const file = await vscode.window.showSaveDialog({
        title: `Export ${nameOf(space)} in the format of wrangler kv bulk put`,
        saveLabel: 'Export',
        // The file without an environment's name seeds the top level.
        defaultUri: vscode.Uri.joinPath(folder, [...name, 'json'].join('.')),
        filters: { 'JSON files': ['json'] },
    });
    if (!file) {
        return;
    }
    const request = { ...space, file: file.toString() };
    const { keys } = await parts.server.ask('kvlens.export', request);
    const done = `Exported ${format.count(keys, 'key')} from ${nameOf(space)}.`;
    if ((await inform(done, 'Open')) === 'Open') {
        await vscode.window.showTextDocument(file);
    }
}

async function clear(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Clear Namespace');
    const name = nameOf(space);
    const deleted = await asked(async (again) => {
        const counting = { ...space, dryRun: true };
        const { keys = 0, digest } = await parts.server.ask('kvlens.clear', counting);
        if (!keys) {
            throw new prompts.NothingThere(`${name} has no keys.`);
        }
        const [what, them] = keys === 1 ? ['1 key', 'it'] : [`all ${format.count(keys, 'key')}`, 'them'];
        const place = where(parts, space);
        const detail = `This deletes ${what} in ${place}. An export first would keep ${them}.${again}`;
        await prompts.confirm(`Clear ${name}?`, detail, 'Clear');
        return (await parts.server.ask('kvlens.clear', { ...space, expected: digest })).deleted;
    });
    const count = format.count(deleted, 'key');
    brief(`Deleted ${count} from ${nameOf(space)}`);
}

const CHANGED = '\n\nSomething has changed since you were asked.';

/** Ask and do; where it is not what was asked about by then, ask again, and say so. */
async function asked<T>(work: (again: string) => Promise<T>): Promise<T> {
    for (let again = ''; ; again = CHANGED) {
        try {
            return await work(again);
        } catch (error) {
            if (!isModified(error)) {
                throw error;
            }
        }
    }
}

/** Take the keys that are under a name that no config has into one of its namespaces. */
async function moveKeys(parts: Parts, node?: Subject): Promise<void> {
    const given = node?.kind === 'namespace' && node.namespace.unclaimed;
    const { project, id, keys } = given
        ? { project: node.project, id: node.namespace.id, keys: node.namespace.keys ?? 0 }
        : await prompts.unclaimed(parts.model, 'Move Keys to Namespace');
    const from = id;
    const what = format.count(keys, 'key');
    const space = await prompts.namespaceOf([project], `Move ${what} of ${from}`);
    const request = { ...space, from };
    const detail = `From "${from}" to ${nameOf(space)} in ${where(parts, space)}.`;
    await prompts.confirm(`Move ${what} to ${nameOf(space)}?`, detail, 'Move');
    let done = await parts.server.ask('kvlens.moveKeys', request);
    for (let again = ''; done.digest; again = CHANGED) {
        const { conflicts, keys, digest } = done;
        const detail = `${format.some(keys, 5, conflicts)}. Nothing has been moved yet.${again}`;
        const existing = await prompts.existing(space, detail, conflicts, 'Move the Others');
        const answer = { ...request, existing, expected: digest };
        done = await parts.server.ask('kvlens.moveKeys', answer);
    }
    const moved = format.count(done.moved, 'key');
    brief(`Moved ${moved} to ${nameOf(space)}`);
}

async function restart(parts: Parts, node?: Subject): Promise<void> {
    if (parts.server.state !== 'running') {
        await parts.server.restart();
        return;
    }
    requireTrust();
    const one = projectOf(node) ?? (await prompts.project(parts.model, 'Restart Emulator'));
    const { url } = await parts.server.ask('kvlens.restart', { config: one.config });
    brief(`KV emulator restarted at ${url}`);
}

async function copyAddress(parts: Parts, node?: Subject): Promise<void> {
    const one = projectOf(node) ?? (await prompts.project(parts.model, 'Copy Emulator Address'));
    const { url } = await parts.server.ask('kvlens.address', { config: one.config });
    await vscode.env.clipboard.writeText(url);
    brief(`Copied ${url}`);
}

/** Copy a shell command that reads a key, or lists a namespace's keys, over the REST API. */
async function copyCurl(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Copy as curl');
    const address = await parts.server.ask('kvlens.address', { config: space.config });
    const base = address.rest.replace(/\/$/, '');
    const path = `accounts/${address.account}/storage/kv/namespaces/${encodeURIComponent(space.id)}`;
    const end = node?.kind === 'key' ? `values/${encodeURIComponent(node.key.name)}` : 'keys';
    const url = `${base}/${path}/${end}`.replaceAll("'", '%27');
    const command = `curl -H 'Authorization: Bearer ${address.token}' '${url}'`;
    await vscode.env.clipboard.writeText(command);
    brief('Copied a curl command with this run’s token');
}

async function runWorker(parts: Parts, node?: Subject): Promise<void> {
    const { config, environment } = await whatToRun(parts, node);
    await vscode.workspace.saveAll(false);
    const options = { location: vscode.ProgressLocation.Window, title: 'Starting the Worker' };
    const request = { config, ...(environment ? { environment } : {}) };
    const { url } = await vscode.window.withProgress(options, () =>
        parts.server.ask('kvlens.run', request),
    );
    const show = 'Open in Browser';
    const output = 'Show Output';
    const running = `The Worker runs at ${url} and follows its files.`;
    const chosen = await inform(running, show, output);
    if (chosen === show) {
        await vscode.env.openExternal(vscode.Uri.parse(url));
    } else if (chosen === output) {
        parts.workers.output.show();
    }
}

/** The config and the environment that a lens names, else those that are asked for. */
async function whatToRun(
    parts: Parts,
    node?: Subject,
): Promise<{ config: string; environment?: string | null }> {
    if (node && node.kind === undefined) {
        return node;
    }
    const project = projectOf(node) ?? (await prompts.project(parts.model, 'Run Worker'));
    const environment = await prompts.environment(project, 'Run Worker');
    return { config: project.config, environment };
}

async function stopWorker(parts: Parts, node?: Subject): Promise<void> {
    const config = await parts.workers.pick(projectOf(node)?.config, 'Stop Worker');
    await parts.server.ask('kvlens.stop', { config });
    brief('The Worker has stopped');
}

async function browse(parts: Parts, node?: Subject): Promise<void> {
    const config = await parts.workers.pick(projectOf(node)?.config, 'Open Worker in Browser');
    await vscode.env.openExternal(vscode.Uri.parse(parts.workers.urlOf(config)));
}

async function workerMenu(): Promise<void> {
    await choose('Worker', [
        { label: '$(link-external) Open in browser', command: 'kvlens.browse' },
        { label: '$(output) Show output', command: 'kvlens.showOutput' },
        { label: '$(debug-restart) Run anew', command: 'kvlens.run' },
        { label: '$(debug-stop) Stop', command: 'kvlens.stop' },
    ]);
}

async function saveSnapshot(parts: Parts, node?: Subject): Promise<void> {
    const title = 'Save Snapshot';
    const one = projectOf(node) ?? (await prompts.project(parts.model, title));
    const present = await parts.server.ask('kvlens.snapshotList', { config: one.config });
    const name = await prompts.snapshotName(title);
    const taken = present.some((snapshot) => snapshot.name === name);
    if (taken) {
        const detail = `What it holds now is replaced by what the namespaces of ${one.label} hold.`;
        await prompts.confirm(`Write over the snapshot "${name}"?`, detail, 'Write Over');
    }
    const request = { config: one.config, name, force: taken };
    const { keys } = await parts.server.ask('kvlens.snapshotSave', request);
    const what = format.count(keys, 'key');
    void inform(`Saved ${what} as the snapshot "${name}".`);
}

async function restoreSnapshot(parts: Parts, node?: Subject): Promise<void> {
    const title = 'Restore Snapshot';
    const one = projectOf(node) ?? (await prompts.project(parts.model, title));
    const present = await parts.server.ask('kvlens.snapshotList', { config: one.config });
    const name = await prompts.snapshot(present, title);
    const request = { config: one.config, name };
    let done = await parts.server.ask('kvlens.snapshotRestore', request);
    for (let again = ''; !done.restored; again = CHANGED) {
        const detail = `${whatRestoreDoes(one, done)}${again}`;
        await prompts.confirm(`Restore the snapshot "${name}"?`, detail, 'Restore');
        const agreed = { ...request, force: true, expected: done.digest };
        done = await parts.server.ask('kvlens.snapshotRestore', agreed);
    }
    const counts = `${format.count(done.written, 'key')} written, ${done.deleted} deleted`;
    void inform(`Restored "${name}": ${counts}.`);
}

/** Say what a restore takes away and brings back, in all and in each namespace. */
function whatRestoreDoes(
    project: Project,
    done: Commands['kvlens.snapshotRestore'][1],
): string {
    const counted = ({ written, overwritten, deleted }: Restored): [string, string, number][] => [
        ['overwritten', 'with another value, metadata or expiry now', overwritten],
        ['deleted', 'that the snapshot does not have', deleted],
        ['written back', 'that were deleted since', written - overwritten],
    ];
    const all = counted(done)
        .filter(([, , count]) => count)
        .map(([what, which, count]) => `${format.count(count, 'key')} ${which} would be ${what}`);
    const each = done.namespaces.flatMap((space) => {
        const parts = counted(space)
            .filter(([, , count]) => count)
            .map(([what, , count]) => `${count.toLocaleString('en')} ${what}`);
        const { binding = '', environment = null } = space;
        const name = nameOf({ config: project.config, id: space.id, binding, environment });
        return parts.length ? [`${name}: ${parts.join(', ')}`] : [];
    });
    return [`In ${project.label}, ${storeOf(project)}: ${all.join('; ')}.`, ...each].join('\n');
}

async function copyKey(_: Parts, node?: Subject): Promise<void> {
    const active = vscode.window.activeTextEditor?.document.uri;
    const name =
        node?.kind === 'key'
            ? node.key.name
            : active?.scheme === SCHEME
              ? placeOf(active).key
              : undefined;
    if (name !== undefined) {
        await vscode.env.clipboard.writeText(name);
    }
}

async function addNamespace(parts: Parts, node?: Subject): Promise<void> {
    const where = await prompts.newNamespace(parts.model, projectOf(node));
    const uri = vscode.Uri.parse(where.config);
    const document = await vscode.workspace.openTextDocument(uri);
    const clean = !document.isDirty;
    await parts.server.ask('kvlens.addNamespace', where);
    if (clean) {
        await document.save(); // edits of the user's own wait for the user's own save
    }
    const editor = await vscode.window.showTextDocument(document);
    const at = document.getText().lastIndexOf(`"${where.binding}"`);
    if (at >= 0) {
        const place = document.positionAt(at + 1);
        editor.selection = new vscode.Selection(place, place.translate(0, where.binding.length));
        editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
}

/** Write a first wrangler.toml; one that is there is opened as it is. */
async function createConfig(): Promise<void> {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    if (!folder) {
        await vscode.commands.executeCommand('vscode.openFolder');
        return;
    }
    const uri = vscode.Uri.joinPath(folder.uri, 'wrangler.toml');
    const name = folder.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-').replace(/^-+|-+$/g, '');
    const text = [
        `name = "${name || 'my-worker'}"`,
        'main = "src/index.js"',
        `compatibility_date = "${new Date().toISOString().slice(0, 10)}"`,
        '',
        '[[kv_namespaces]]',
        'binding = "MY_KV"',
        '',
    ].join('\n');
    const edit = new vscode.WorkspaceEdit();
    edit.createFile(uri, { ignoreIfExists: true, contents: Buffer.from(text) });
    await vscode.workspace.applyEdit(edit);
    await vscode.window.showTextDocument(uri);
}

async function reveal(_: Parts, node?: Subject): Promise<void> {
    const project = projectOf(node) ?? (node?.kind === 'environment' ? node.project : undefined);
    if (!project) {
        return;
    }
    const editor = await vscode.window.showTextDocument(vscode.Uri.parse(project.config));
    const range = node?.kind === 'namespace' ? node.namespace.range : undefined;
    if (range) {
        const { start, end } = range;
        const place = new vscode.Range(start.line, start.character, end.line, end.character);
        editor.selection = new vscode.Selection(place.start, place.start);
        editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
}

async function openSettings(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'kvlens.interpreter');
}

interface Action extends vscode.QuickPickItem {
    command: string;
}

async function menu({ server, model }: Parts): Promise<void> {
    const problem = server.state === 'noPython' || server.state === 'failed';
    const actions: Action[] = problem
        ? [
              { label: '$(refresh) Try again', command: 'kvlens.retry' },
              { label: '$(gear) Open settings', command: 'kvlens.openSettings' },
              { label: '$(output) Show log', command: 'kvlens.showLog' },
          ]
        : [
              { label: '$(copy) Copy address', command: 'kvlens.address' },
              { label: '$(terminal) Copy as curl…', command: 'kvlens.copyCurl' },
              { label: '$(debug-restart) Restart emulator', command: 'kvlens.restart' },
              { label: '$(list-tree) Show namespaces', command: 'kvlens.namespaces.focus' },
              { label: '$(output) Show log', command: 'kvlens.showLog' },
          ];
    const [only] = model.projects;
    const where = model.projects.length === 1 && only.url ? ` at ${only.url}` : '';
    await choose(problem ? server.problem : `KV emulator${where}`, actions);
}

async function choose(title: string, actions: Action[]): Promise<void> {
    const chosen = await vscode.window.showQuickPick(actions, { title });
    if (chosen) {
        await vscode.commands.executeCommand(chosen.command);
    }
}
