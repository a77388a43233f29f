/** The entry point of a comparison's webview. */

import '@vscode-elements/elements/dist/vscode-button/index.js';
import { render } from 'preact';
import '../table/table.css';
import { App } from './app';
import './compare.css';
import { CompareModel } from './model';

render(<App model={new CompareModel()} />, document.body);
