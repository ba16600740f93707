"""How the pages of reports look."""

STYLE = """\
:root { color-scheme: light; --ink: #1d1d1f; --soft: #62626a; --line: #dededf; --yes: #00665e; --no: #a3004f; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.2rem 5rem; color: var(--ink); background: #fff;
       font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.3rem; margin: 3rem 0 .4rem; padding-top: 1rem; border-top: 1px solid var(--line); }
p { max-width: 46rem; } .soft, figcaption { color: var(--soft); } a { color: #00586a; }
nav { columns: 15rem; margin: 1.2rem 0; font-size: .95rem; } nav a { display: block; }
figure { margin: .6rem 0 0; } figure img { max-width: 100%; height: auto; display: block; }
figcaption { max-width: 46rem; margin-top: .5rem; font-size: .95rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .88rem; margin: .6rem 0; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
         font-variant-numeric: tabular-nums; }
th { font-weight: 600; } tr.group th { padding-top: 1rem; } td.yes { color: var(--yes); font-weight: 600; }
td.no { color: var(--no); font-weight: 600; } dt { font-weight: 600; } dd { margin: 0 0 .4rem 0; color: var(--soft); }
"""
