<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About SwiftMedSAM</source>
        <translation>关于 SwiftMedSAM</translation>
    </message>
    <message>
        <source>For research use only. Not a medical device.</source>
        <translation>仅供研究使用。并非医疗器械。</translation>
    </message>
    <message>
        <source>Segments medical images on an ordinary computer, without a network.</source>
        <translation>在普通电脑上离线分割医学图像。</translation>
    </message>
    <message>
        <source>Version {0}</source>
        <translation>版本 {0}</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>What is new</source>
        <translation>新增内容</translation>
    </message>
    <message>
        <source>Opens a page in your browser. SwiftMedSAM itself connects to nothing.</source>
        <translation>在浏览器中打开网页。SwiftMedSAM 本身不连接网络。</translation>
    </message>
    <message>
        <source>Look for a newer version</source>
        <translation>查看是否有新版本</translation>
    </message>
</context>
<context>
    <name>Accuracy</name>
    <message>
        <source>Known sources, other patients</source>
        <translation>已知来源，其他患者</translation>
    </message>
    <message>
        <source>Sources never trained on</source>
        <translation>从未用于训练的来源</translation>
    </message>
    <message>
        <source>Volumes, from a box in 3-D</source>
        <translation>体数据，由三维框出发</translation>
    </message>
    <message>
        <source>Volumes, from a box on one slice</source>
        <translation>体数据，由单个切片的框出发</translation>
    </message>
    <message>
        <source>Volumes never trained on, from a box in 3-D</source>
        <translation>从未用于训练的体数据，由三维框出发</translation>
    </message>
    <message>
        <source>Volumes never trained on, from a box on one slice</source>
        <translation>从未用于训练的体数据，由单个切片的框出发</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>Open recent</source>
        <translation>最近打开</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Segment</source>
        <translation>分割(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Tools</source>
        <translation>工具(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Labels</source>
        <translation>标签(&amp;L)</translation>
    </message>
    <message>
        <source>Choose a label</source>
        <translation>选择标签</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>Brightness</source>
        <translation>窗宽窗位</translation>
    </message>
    <message>
        <source>&amp;Measure</source>
        <translation>测量(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Batch</source>
        <translation>批处理(&amp;B)</translation>
    </message>
    <message>
        <source>M&amp;odel</source>
        <translation>模型(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Open file…</source>
        <translation>打开文件…</translation>
    </message>
    <message>
        <source>Open folder…</source>
        <translation>打开文件夹…</translation>
    </message>
    <message>
        <source>Open a sample</source>
        <translation>打开示例</translation>
    </message>
    <message>
        <source>Import labels…</source>
        <translation>导入标签…</translation>
    </message>
    <message>
        <source>Save project</source>
        <translation>保存项目</translation>
    </message>
    <message>
        <source>Save project as…</source>
        <translation>项目另存为…</translation>
    </message>
    <message>
        <source>Export labels…</source>
        <translation>导出标签…</translation>
    </message>
    <message>
        <source>Export surface…</source>
        <translation>导出表面…</translation>
    </message>
    <message>
        <source>Export picture of the view…</source>
        <translation>导出视图图片…</translation>
    </message>
    <message>
        <source>Close image</source>
        <translation>关闭图像</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Preferences…</source>
        <translation>首选项…</translation>
    </message>
    <message>
        <source>Accept the mask</source>
        <translation>接受掩膜</translation>
    </message>
    <message>
        <source>Write the proposed mask into the active label</source>
        <translation>将建议的掩膜写入当前标签</translation>
    </message>
    <message>
        <source>Reject the mask</source>
        <translation>放弃掩膜</translation>
    </message>
    <message>
        <source>Drop the proposed mask</source>
        <translation>放弃建议的掩膜</translation>
    </message>
    <message>
        <source>Remove the points</source>
        <translation>移除点</translation>
    </message>
    <message>
        <source>Go back to what the box alone proposes</source>
        <translation>恢复为仅由框得到的结果</translation>
    </message>
    <message>
        <source>Carry through the slices</source>
        <translation>沿切片传播</translation>
    </message>
    <message>
        <source>Carry the mask both ways until the object ends</source>
        <translation>向两个方向传播掩膜，直到目标结束</translation>
    </message>
    <message>
        <source>Fill a 3-D box…</source>
        <translation>填充三维框…</translation>
    </message>
    <message>
        <source>Segment inside the box over a range of slices</source>
        <translation>在多个切片的框内进行分割</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop what is running and keep what is done</source>
        <translation>停止运行并保留已完成的部分</translation>
    </message>
    <message>
        <source>Draw a box with the keyboard</source>
        <translation>用键盘画框</translation>
    </message>
    <message>
        <source>Arrow keys move the box, with Shift they change its size</source>
        <translation>方向键移动框，按住 Shift 改变大小</translation>
    </message>
    <message>
        <source>Next slice without a mask</source>
        <translation>下一个无掩膜的切片</translation>
    </message>
    <message>
        <source>Next doubtful slice</source>
        <translation>下一个存疑切片</translation>
    </message>
    <message>
        <source>Go to the next slice whose mask deserves a second look</source>
        <translation>转到掩膜需要复查的下一切片</translation>
    </message>
    <message>
        <source>Move the crosshair</source>
        <translation>移动十字线</translation>
    </message>
    <message>
        <source>Brightness and contrast</source>
        <translation>调节窗宽窗位</translation>
    </message>
    <message>
        <source>Drag up or down for brightness, sideways for contrast</source>
        <translation>上下拖动调节亮度，左右拖动调节对比度</translation>
    </message>
    <message>
        <source>Box</source>
        <translation>框</translation>
    </message>
    <message>
        <source>Drag a box round an object; the mask follows</source>
        <translation>在目标周围拖出一个框，掩膜随之更新</translation>
    </message>
    <message>
        <source>Point</source>
        <translation>点</translation>
    </message>
    <message>
        <source>Click what belongs to the object, or what does not</source>
        <translation>点击属于目标或不属于目标的位置</translation>
    </message>
    <message>
        <source>Points take away</source>
        <translation>点用于排除</translation>
    </message>
    <message>
        <source>Points mark what does not belong to the object</source>
        <translation>点标记不属于目标的区域</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>橡皮擦</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>Paint a ball in 3-D</source>
        <translation>用三维球绘制</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>增大画笔</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>减小画笔</translation>
    </message>
    <message>
        <source>Add a label</source>
        <translation>添加标签</translation>
    </message>
    <message>
        <source>Rename the label…</source>
        <translation>重命名标签…</translation>
    </message>
    <message>
        <source>Colour of the label…</source>
        <translation>标签颜色…</translation>
    </message>
    <message>
        <source>Remove the label</source>
        <translation>删除标签</translation>
    </message>
    <message>
        <source>Lock the label</source>
        <translation>锁定标签</translation>
    </message>
    <message>
        <source>A locked label is never painted over</source>
        <translation>锁定的标签不会被覆盖</translation>
    </message>
    <message>
        <source>Show the label</source>
        <translation>显示标签</translation>
    </message>
    <message>
        <source>Next label</source>
        <translation>下一个标签</translation>
    </message>
    <message>
        <source>Previous label</source>
        <translation>上一个标签</translation>
    </message>
    <message>
        <source>Label {number}</source>
        <translation>标签 {number}</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>Keep the largest part</source>
        <translation>保留最大部分</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Fill the slices between</source>
        <translation>填充中间切片</translation>
    </message>
    <message>
        <source>Work out the label in empty slices from the slices on both sides</source>
        <translation>根据两侧切片推算空切片中的标签</translation>
    </message>
    <message>
        <source>Copy to the next slice</source>
        <translation>复制到下一切片</translation>
    </message>
    <message>
        <source>Copy to the previous slice</source>
        <translation>复制到上一切片</translation>
    </message>
    <message>
        <source>Clear the label in this slice</source>
        <translation>清除此切片中的标签</translation>
    </message>
    <message>
        <source>Axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation>冠状位</translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation>矢状位</translation>
    </message>
    <message>
        <source>All planes</source>
        <translation>所有平面</translation>
    </message>
    <message>
        <source>Fit to the window</source>
        <translation>适应窗口</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Outlines only</source>
        <translation>仅轮廓</translation>
    </message>
    <message>
        <source>Stronger labels</source>
        <translation>加深标签</translation>
    </message>
    <message>
        <source>Fainter labels</source>
        <translation>减淡标签</translation>
    </message>
    <message>
        <source>Text in the corners</source>
        <translation>角落文字</translation>
    </message>
    <message>
        <source>Crosshair</source>
        <translation>十字线</translation>
    </message>
    <message>
        <source>Smooth pixels</source>
        <translation>平滑像素</translation>
    </message>
    <message>
        <source>Invert grey</source>
        <translation>灰度反转</translation>
    </message>
    <message>
        <source>Next slice</source>
        <translation>下一切片</translation>
    </message>
    <message>
        <source>Previous slice</source>
        <translation>上一切片</translation>
    </message>
    <message>
        <source>Brightness as in the file</source>
        <translation>文件中的窗宽窗位</translation>
    </message>
    <message>
        <source>Brightness preset {number}</source>
        <translation>窗宽窗位预设 {number}</translation>
    </message>
    <message>
        <source>3-D surface</source>
        <translation>三维表面</translation>
    </message>
    <message>
        <source>Panels</source>
        <translation>面板</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Show the measures</source>
        <translation>显示测量值</translation>
    </message>
    <message>
        <source>Copy measurements</source>
        <translation>复制测量值</translation>
    </message>
    <message>
        <source>Save measurements…</source>
        <translation>保存测量值…</translation>
    </message>
    <message>
        <source>Compare with other labels…</source>
        <translation>与其他标签比较…</translation>
    </message>
    <message>
        <source>End the comparison</source>
        <translation>结束比较</translation>
    </message>
    <message>
        <source>Segment a folder…</source>
        <translation>分割文件夹…</translation>
    </message>
    <message>
        <source>Model and device…</source>
        <translation>模型与设备…</translation>
    </message>
    <message>
        <source>Import a model…</source>
        <translation>导入模型…</translation>
    </message>
    <message>
        <source>Measure the speed</source>
        <translation>测试速度</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>键盘与鼠标</translation>
    </message>
    <message>
        <source>Find an action…</source>
        <translation>查找操作…</translation>
    </message>
    <message>
        <source>User guide</source>
        <translation>用户指南</translation>
    </message>
    <message>
        <source>About the image</source>
        <translation>关于图像</translation>
    </message>
    <message>
        <source>Findings about the image</source>
        <translation>图像提示</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Problem report…</source>
        <translation>问题报告…</translation>
    </message>
    <message>
        <source>About SwiftMedSAM</source>
        <translation>关于 SwiftMedSAM</translation>
    </message>
</context>
<context>
    <name>Acts</name>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>Keep the largest part</source>
        <translation>保留最大部分</translation>
    </message>
    <message>
        <source>Smooth</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Interpolate between slices</source>
        <translation>切片间插值</translation>
    </message>
    <message>
        <source>Copy to the next slice</source>
        <translation>复制到下一切片</translation>
    </message>
    <message>
        <source>Clear the slice</source>
        <translation>清除切片</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Paint</source>
        <translation>绘制</translation>
    </message>
    <message>
        <source>Carry a mask</source>
        <translation>传播掩膜</translation>
    </message>
    <message>
        <source>Carry a mask through the volume</source>
        <translation>在体数据中传播掩膜</translation>
    </message>
    <message>
        <source>Correct a mask</source>
        <translation>修正掩膜</translation>
    </message>
    <message>
        <source>Accept a mask</source>
        <translation>接受掩膜</translation>
    </message>
    <message>
        <source>Add a label</source>
        <translation>添加标签</translation>
    </message>
    <message>
        <source>Rename a label</source>
        <translation>重命名标签</translation>
    </message>
    <message>
        <source>Recolour a label</source>
        <translation>更改标签颜色</translation>
    </message>
    <message>
        <source>Lock a label</source>
        <translation>锁定标签</translation>
    </message>
    <message>
        <source>Unlock a label</source>
        <translation>解锁标签</translation>
    </message>
    <message>
        <source>Show a label</source>
        <translation>显示标签</translation>
    </message>
    <message>
        <source>Hide a label</source>
        <translation>隐藏标签</translation>
    </message>
    <message>
        <source>Remove a label</source>
        <translation>删除标签</translation>
    </message>
    <message>
        <source>Import labels</source>
        <translation>导入标签</translation>
    </message>
    <message>
        <source>Take the labels of a batch</source>
        <translation>采用批处理的标签</translation>
    </message>
</context>
<context>
    <name>Asks</name>
    <message>
        <source>Open image or project</source>
        <translation>打开图像或项目</translation>
    </message>
    <message>
        <source>Open folder with images</source>
        <translation>打开图像文件夹</translation>
    </message>
    <message>
        <source>Choose a label map</source>
        <translation>选择标签图</translation>
    </message>
    <message>
        <source>Choose a model package</source>
        <translation>选择模型包</translation>
    </message>
    <message>
        <source>Model packages (*.zip)</source>
        <translation>模型包 (*.zip)</translation>
    </message>
    <message>
        <source>Choose the folder of a model package</source>
        <translation>选择模型包所在的文件夹</translation>
    </message>
    <message>
        <source>Save project</source>
        <translation>保存项目</translation>
    </message>
    <message>
        <source>SwiftMedSAM projects (*.swiftmed)</source>
        <translation>SwiftMedSAM 项目 (*.swiftmed)</translation>
    </message>
    <message>
        <source>Export labels</source>
        <translation>导出标签</translation>
    </message>
    <message>
        <source>Export picture</source>
        <translation>导出图片</translation>
    </message>
    <message>
        <source>PNG pictures (*.png)</source>
        <translation>PNG 图片 (*.png)</translation>
    </message>
    <message>
        <source>Save the measures</source>
        <translation>保存测量值</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Save the problem report</source>
        <translation>保存问题报告</translation>
    </message>
    <message>
        <source>Text files (*.txt)</source>
        <translation>文本文件 (*.txt)</translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation>未保存的更改</translation>
    </message>
    <message>
        <source>The labels of “{0}” have changed since they were last saved.</source>
        <translation>“{0}”的标签自上次保存后已更改。</translation>
    </message>
    <message>
        <source>Recover your work</source>
        <translation>恢复工作</translation>
    </message>
    <message>
        <source>The program ended last time before this was saved:</source>
        <translation>程序上次结束前以下内容尚未保存：</translation>
    </message>
    <message>
        <source>Recover</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Ask me later</source>
        <translation>稍后询问</translation>
    </message>
    <message>
        <source>That did not succeed</source>
        <translation>操作未成功</translation>
    </message>
    <message>
        <source>Something unexpected happened: {0}</source>
        <translation>发生意外情况：{0}</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>“{0}” exists already. Replace it?</source>
        <translation>“{0}”已存在。要替换吗？</translation>
    </message>
</context>
<context>
    <name>Batch</name>
    <message>
        <source>All results</source>
        <translation>全部结果</translation>
    </message>
    <message>
        <source>Doubtful ones</source>
        <translation>存疑的</translation>
    </message>
    <message>
        <source>Without a mark</source>
        <translation>未标注的</translation>
    </message>
    <message>
        <source>Accepted ones</source>
        <translation>已接受的</translation>
    </message>
    <message>
        <source>Rejected ones</source>
        <translation>已拒绝的</translation>
    </message>
    <message>
        <source>Reviewed ones</source>
        <translation>已查看的</translation>
    </message>
    <message>
        <source>found</source>
        <translation>已找到</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>running</source>
        <translation>处理中</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>doubtful</source>
        <translation>存疑</translation>
    </message>
    <message>
        <source>was there already</source>
        <translation>已存在</translation>
    </message>
    <message>
        <source>no box</source>
        <translation>无框</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>reviewed</source>
        <translation>已查看</translation>
    </message>
    <message>
        <source>accepted</source>
        <translation>已接受</translation>
    </message>
    <message>
        <source>rejected</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>A file with boxes (JSON or CSV)</source>
        <translation>框文件（JSON 或 CSV）</translation>
    </message>
    <message>
        <source>Around the labels of reference masks</source>
        <translation>参考掩膜各标签的外框</translation>
    </message>
    <message>
        <source>Around the regions of DICOM structure sets</source>
        <translation>DICOM 结构集各区域的外框</translation>
    </message>
    <message>
        <source>Those inside the NPZ files</source>
        <translation>NPZ 文件自带的框</translation>
    </message>
    <message>
        <source>Those drawn in the open image</source>
        <translation>在打开的图像中绘制的框</translation>
    </message>
    <message>
        <source>At the same place in millimetres</source>
        <translation>毫米坐标相同的位置</translation>
    </message>
    <message>
        <source>At the same part of the image</source>
        <translation>图像中相同的相对位置</translation>
    </message>
    <message>
        <source>Keep them and skip the case</source>
        <translation>保留并跳过该病例</translation>
    </message>
    <message>
        <source>Replace them</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>Keep them and number the new ones</source>
        <translation>保留并给新文件编号</translation>
    </message>
</context>
<context>
    <name>BatchAsks</name>
    <message>
        <source>Folder of the images</source>
        <translation>图像文件夹</translation>
    </message>
    <message>
        <source>Folder of the masks</source>
        <translation>掩膜文件夹</translation>
    </message>
    <message>
        <source>Folder that the boxes are taken from</source>
        <translation>框来源文件夹</translation>
    </message>
    <message>
        <source>Choose a file with boxes</source>
        <translation>选择框文件</translation>
    </message>
    <message>
        <source>Boxes (*.json *.csv)</source>
        <translation>框 (*.json *.csv)</translation>
    </message>
    <message>
        <source>Batches (*{0})</source>
        <translation>批处理 (*{0})</translation>
    </message>
    <message>
        <source>Open a batch</source>
        <translation>打开批处理</translation>
    </message>
    <message>
        <source>Unfinished batch</source>
        <translation>未完成的批处理</translation>
    </message>
    <message>
        <source>The program ended before this batch was finished:</source>
        <translation>程序在此批处理完成前结束：</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>不再处理</translation>
    </message>
    <message>
        <source>Ask me later</source>
        <translation>稍后询问</translation>
    </message>
</context>
<context>
    <name>BatchController</name>
    <message>
        <source>A batch is at work. End the program now? The next start offers to go on with it.</source>
        <translation>批处理正在进行。现在结束程序吗？下次启动时可以继续。</translation>
    </message>
    <message>
        <source>Segment a folder</source>
        <translation>分割文件夹</translation>
    </message>
</context>
<context>
    <name>BatchLeftController</name>
    <message>
        <source>Not finished: {0}</source>
        <translation>未完成：{0}</translation>
    </message>
    <message>
        <source>“{0}”, {1} of {2} cases finished</source>
        <translation>“{0}”，{2} 个病例已完成 {1} 个</translation>
    </message>
</context>
<context>
    <name>BatchReviewPanel</name>
    <message>
        <source>Which results are shown</source>
        <translation>显示哪些结果</translation>
    </message>
    <message>
        <source>Results appear here as they are made.</source>
        <translation>结果生成后显示在这里。</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>接受</translation>
    </message>
    <message>
        <source>Mark as accepted (A)</source>
        <translation>标为已接受 (A)</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>Mark as rejected (R)</source>
        <translation>标为已拒绝 (R)</translation>
    </message>
    <message>
        <source>Reviewed</source>
        <translation>已查看</translation>
    </message>
    <message>
        <source>Mark as reviewed (V)</source>
        <translation>标为已查看 (V)</translation>
    </message>
    <message>
        <source>No mark</source>
        <translation>清除标注</translation>
    </message>
    <message>
        <source>Take the mark away (Backspace)</source>
        <translation>清除标注（退格键）</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open the case with its mask (Enter)</source>
        <translation>打开病例及其掩膜（回车键）</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>{0} of {1} marked</source>
        <translation>{1} 个中已标注 {0} 个</translation>
    </message>
</context>
<context>
    <name>BatchSetupController</name>
    <message>
        <source>Looking for images…</source>
        <translation>正在查找图像…</translation>
    </message>
    <message>
        <source>1 image was found</source>
        <translation>找到 1 幅图像</translation>
    </message>
    <message>
        <source>{0} images were found</source>
        <translation>找到 {0} 幅图像</translation>
    </message>
    <message>
        <source>1 is damaged</source>
        <translation>1 幅已损坏</translation>
    </message>
    <message>
        <source>{0} are damaged</source>
        <translation>{0} 幅已损坏</translation>
    </message>
    <message>
        <source>1 other file was passed over</source>
        <translation>略过 1 个其他文件</translation>
    </message>
    <message>
        <source>{0} other files were passed over</source>
        <translation>略过 {0} 个其他文件</translation>
    </message>
    <message>
        <source>No image is open in the main window.</source>
        <translation>主窗口中没有打开的图像。</translation>
    </message>
    <message>
        <source>Nothing was drawn and accepted in the open image.</source>
        <translation>打开的图像中没有已绘制并接受的内容。</translation>
    </message>
    <message>
        <source>1 box or set of clicks: {0}</source>
        <translation>1 个框或一组点击：{0}</translation>
    </message>
    <message>
        <source>{1} boxes or sets of clicks: {0}</source>
        <translation>{1} 个框或点击组：{0}</translation>
    </message>
    <message>
        <source>{0} more cannot be told apart and are left out.</source>
        <translation>另有 {0} 个无法区分，已略去。</translation>
    </message>
    <message>
        <source>Choose the folder of the images.</source>
        <translation>请选择图像文件夹。</translation>
    </message>
    <message>
        <source>No image has been found yet.</source>
        <translation>尚未找到图像。</translation>
    </message>
    <message>
        <source>Draw a box in the main window and accept its mask.</source>
        <translation>请在主窗口绘制框并接受其掩膜。</translation>
    </message>
    <message>
        <source>Choose where the boxes come from.</source>
        <translation>请选择框来源。</translation>
    </message>
    <message>
        <source>Choose the folder of the masks.</source>
        <translation>请选择掩膜文件夹。</translation>
    </message>
    <message>
        <source>Images and masks need different folders.</source>
        <translation>图像和掩膜须在不同的文件夹。</translation>
    </message>
</context>
<context>
    <name>BatchSetupPanel</name>
    <message>
        <source>Where the boxes come from</source>
        <translation>框来源</translation>
    </message>
    <message>
        <source>Where the boxes lie in other images</source>
        <translation>框在其他图像中的位置</translation>
    </message>
    <message>
        <source>What happens to masks that are there already</source>
        <translation>如何处理已存在的掩膜</translation>
    </message>
    <message>
        <source>Carry a box in one slice through the volume</source>
        <translation>将单个切片的框传播到整个体数据</translation>
    </message>
    <message>
        <source>Keep the largest part alone</source>
        <translation>仅保留最大部分</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Start the batch</source>
        <translation>开始批处理</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Folder of the images</source>
        <translation>图像文件夹</translation>
    </message>
    <message>
        <source>Boxes</source>
        <translation>框</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>File or folder of the boxes</source>
        <translation>框的文件或文件夹</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Masks</source>
        <translation>掩膜</translation>
    </message>
    <message>
        <source>Folder of the masks</source>
        <translation>掩膜文件夹</translation>
    </message>
    <message>
        <source>Write masks as {0}</source>
        <translation>将掩膜写为 {0}</translation>
    </message>
    <message>
        <source>Formats</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Without a format: PNG for pictures, NPZ for NPZ files, otherwise NIfTI.</source>
        <translation>未选格式时：图片用 PNG，NPZ 文件用 NPZ，其余用 NIfTI。</translation>
    </message>
    <message>
        <source>Existing</source>
        <translation>已存在的</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Browse: {0}</source>
        <translation>浏览：{0}</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
</context>
<context>
    <name>BatchWindow</name>
    <message>
        <source>Segment a folder</source>
        <translation>分割文件夹</translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation>出现的问题</translation>
    </message>
    <message>
        <source>Open a batch…</source>
        <translation>打开批处理…</translation>
    </message>
    <message>
        <source>Open the file of an earlier batch</source>
        <translation>打开以前批处理的文件</translation>
    </message>
    <message>
        <source>New batch</source>
        <translation>新建批处理</translation>
    </message>
    <message>
        <source>Prepare another batch</source>
        <translation>准备另一个批处理</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
    <message>
        <source>&amp;Cases</source>
        <translation>病例(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Review</source>
        <translation>审阅(&amp;R)</translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message>
        <source>Axial</source>
        <translation>轴位</translation>
    </message>
    <message>
        <source>Coronal</source>
        <translation>冠状位</translation>
    </message>
    <message>
        <source>Sagittal</source>
        <translation>矢状位</translation>
    </message>
    <message>
        <source>W {0}  L {1}</source>
        <translation>窗宽 {0}  窗位 {1}</translation>
    </message>
    <message>
        <source>approximate</source>
        <translation>近似</translation>
    </message>
    <message>
        <source>{0} mm</source>
        <translation>{0} mm</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>{0} slice {1} of {2}</source>
        <translation>{0} 切片 {1}/{2}</translation>
    </message>
    <message>
        <source>Score {0}, doubtful</source>
        <translation>评分 {0}，存疑</translation>
    </message>
    <message>
        <source>Score {0}</source>
        <translation>评分 {0}</translation>
    </message>
</context>
<context>
    <name>CaseModel</name>
    <message>
        <source>Case</source>
        <translation>病例</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>Mark</source>
        <translation>标注</translation>
    </message>
</context>
<context>
    <name>CaseTable</name>
    <message>
        <source>Cases</source>
        <translation>病例</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Find an action</source>
        <translation>查找操作</translation>
    </message>
    <message>
        <source>Type what you want to do</source>
        <translation>输入想要执行的操作</translation>
    </message>
    <message>
        <source>Actions</source>
        <translation>操作</translation>
    </message>
</context>
<context>
    <name>Context</name>
    <message>
        <source>{0} at ({1})</source>
        <translation>{0}，位于 ({1})</translation>
    </message>
</context>
<context>
    <name>DiagnosticsController</name>
    <message>
        <source>Something is being saved: try again in a moment.</source>
        <translation>正在保存其他内容：请稍后再试。</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>已保存：{0}</translation>
    </message>
</context>
<context>
    <name>Docks</name>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Slices</source>
        <translation>切片</translation>
    </message>
    <message>
        <source>Measures</source>
        <translation>测量值</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
</context>
<context>
    <name>EditController</name>
    <message>
        <source>“{0}” has nothing in this slice to copy.</source>
        <translation>“{0}”在此切片中没有可复制的内容。</translation>
    </message>
    <message>
        <source>Locked labels were left as they are.</source>
        <translation>锁定的标签保持不变。</translation>
    </message>
    <message>
        <source>A label is still being changed: try again in a moment.</source>
        <translation>标签仍在更改中：请稍后再试。</translation>
    </message>
    <message>
        <source>“{0}” is empty.</source>
        <translation>“{0}”为空。</translation>
    </message>
    <message>
        <source>“{0}” was changed meanwhile: try again.</source>
        <translation>“{0}”已在此期间更改：请重试。</translation>
    </message>
    <message>
        <source>Nothing had to be changed.</source>
        <translation>无需更改。</translation>
    </message>
    <message>
        <source>Add a label first.</source>
        <translation>请先添加标签。</translation>
    </message>
    <message>
        <source>The label “{0}” is locked. Unlock it or choose another one.</source>
        <translation>标签“{0}”已锁定。请解锁或选择其他标签。</translation>
    </message>
</context>
<context>
    <name>Export</name>
    <message>
        <source>The label map on the grid of the image.</source>
        <translation>与图像网格一致的标签图。</translation>
    </message>
    <message>
        <source>Refers to the DICOM series that is open, whose files must still be there.</source>
        <translation>引用已打开的 DICOM 序列，其文件必须仍然存在。</translation>
    </message>
    <message>
        <source>NRRD segmentation</source>
        <translation>NRRD 分割</translation>
    </message>
    <message>
        <source>An array “segs” as the challenge wants it, without place or size of voxels.</source>
        <translation>竞赛要求的数组“segs”，不含体素的位置和大小。</translation>
    </message>
    <message>
        <source>Grey values are the numbers of the labels.</source>
        <translation>灰度值即标签编号。</translation>
    </message>
    <message>
        <source>One smoothed surface around all chosen labels.</source>
        <translation>包围所有所选标签的一个平滑表面。</translation>
    </message>
    <message>
        <source>Smoothed surfaces, a group for each label.</source>
        <translation>平滑表面，每个标签一组。</translation>
    </message>
    <message>
        <source>Smoothed surfaces in the colours of the labels.</source>
        <translation>带标签颜色的平滑表面。</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export labels</source>
        <translation>导出标签</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
</context>
<context>
    <name>Findings</name>
    <message>
        <source>Sizes of labels are not affected.</source>
        <translation>标签的大小不受影响。</translation>
    </message>
    <message>
        <source>Labels are measured in voxels; millimetres are not stated.</source>
        <translation>标签以体素为单位测量；不给出毫米值。</translation>
    </message>
    <message>
        <source>Measures are in true millimetres, approximate because voxels were interpolated.</source>
        <translation>测量值为真实毫米，但因体素经过插值而为近似值。</translation>
    </message>
    <message>
        <source>Sizes of labels hold; which side is left cannot be told.</source>
        <translation>标签的大小有效；无法判断哪一侧为左侧。</translation>
    </message>
    <message>
        <source>Labels belong to this one image alone.</source>
        <translation>标签仅属于这一幅图像。</translation>
    </message>
    <message>
        <source>Volumes are approximate, because slices are missing.</source>
        <translation>由于缺少切片，体积为近似值。</translation>
    </message>
    <message>
        <source>Sizes of labels are not affected; means of their values are.</source>
        <translation>标签的大小不受影响，但其像素均值受影响。</translation>
    </message>
    <message>
        <source>Measures follow what was taken: check a length that you know.</source>
        <translation>测量以所采用的信息为准：请用已知长度核对。</translation>
    </message>
    <message>
        <source>Look at the picture before you measure: parts may be damaged or shifted.</source>
        <translation>测量前请查看图像：部分内容可能损坏或移位。</translation>
    </message>
    <message>
        <source>If the file belongs to this image, a part of the image is missing.</source>
        <translation>如果该文件属于此图像，则图像缺少一部分。</translation>
    </message>
    <message>
        <source>Lengths and areas within the slice hold; volumes do not.</source>
        <translation>层内的长度和面积有效；体积无效。</translation>
    </message>
    <message>
        <source>Lengths and areas are given, volumes are not.</source>
        <translation>给出长度和面积，不给出体积。</translation>
    </message>
    <message>
        <source>Lengths and areas may differ from those in the patient.</source>
        <translation>长度和面积可能与患者体内的实际值不同。</translation>
    </message>
    <message>
        <source>Volumes and lengths across slices are approximate.</source>
        <translation>体积和跨切片的长度为近似值。</translation>
    </message>
</context>
<context>
    <name>FindingsBadge</name>
    <message>
        <source>Findings of the image</source>
        <translation>图像提示</translation>
    </message>
    <message>
        <source>1 finding</source>
        <translation>1 条提示</translation>
    </message>
    <message>
        <source>{0} findings</source>
        <translation>{0} 条提示</translation>
    </message>
</context>
<context>
    <name>FindingsPanel</name>
    <message>
        <source>Nothing unusual was found in this image.</source>
        <translation>此图像未发现异常之处。</translation>
    </message>
    <message>
        <source>Findings of the image</source>
        <translation>图像提示</translation>
    </message>
</context>
<context>
    <name>GuideWindow</name>
    <message>
        <source>User guide</source>
        <translation>用户指南</translation>
    </message>
    <message>
        <source>Text of the guide</source>
        <translation>指南正文</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>目录</translation>
    </message>
    <message>
        <source>Search the guide</source>
        <translation>搜索指南</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>第 {0} 处，共 {1} 处</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>上一处</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>not found</source>
        <translation>未找到</translation>
    </message>
</context>
<context>
    <name>HelpController</name>
    <message>
        <source>What is new</source>
        <translation>新增内容</translation>
    </message>
</context>
<context>
    <name>ImportController</name>
    <message>
        <source>{0} labels were added.</source>
        <translation>已添加 {0} 个标签。</translation>
    </message>
    <message>
        <source>One label was added.</source>
        <translation>已添加一个标签。</translation>
    </message>
</context>
<context>
    <name>InfoController</name>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>体数据</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Label map</source>
        <translation>标签图</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>模态</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Spacing</source>
        <translation>间距</translation>
    </message>
    <message>
        <source>Part of the file</source>
        <translation>文件中的部分</translation>
    </message>
    <message>
        <source>{0}, part {1}</source>
        <translation>{0}，部分 {1}</translation>
    </message>
    <message>
        <source>Series</source>
        <translation>序列</translation>
    </message>
    <message>
        <source>{0} pixels</source>
        <translation>{0} 像素</translation>
    </message>
    <message>
        <source>{0} pixels, {1} slices</source>
        <translation>{0} 像素，{1} 层</translation>
    </message>
    <message>
        <source>Orientation</source>
        <translation>方向</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>axial slices, from feet to head</source>
        <translation>轴位切片，从足到头</translation>
    </message>
    <message>
        <source>axial slices, from head to feet</source>
        <translation>轴位切片，从头到足</translation>
    </message>
    <message>
        <source>coronal slices, from front to back</source>
        <translation>冠状位切片，从前到后</translation>
    </message>
    <message>
        <source>coronal slices, from back to front</source>
        <translation>冠状位切片，从后到前</translation>
    </message>
    <message>
        <source>sagittal slices, from right to left</source>
        <translation>矢状位切片，从右到左</translation>
    </message>
    <message>
        <source>sagittal slices, from left to right</source>
        <translation>矢状位切片，从左到右</translation>
    </message>
    <message>
        <source>axial slice</source>
        <translation>轴位切片</translation>
    </message>
    <message>
        <source>coronal slice</source>
        <translation>冠状位切片</translation>
    </message>
    <message>
        <source>sagittal slice</source>
        <translation>矢状位切片</translation>
    </message>
    <message>
        <source>{0}, as the file says</source>
        <translation>{0}，按文件设定</translation>
    </message>
    <message>
        <source>{0}, for soft tissue; the file says none</source>
        <translation>{0}，软组织窗；文件未指定</translation>
    </message>
    <message>
        <source>{0}, for soft tissue: the values look like HU, though the file does not say so</source>
        <translation>{0}，软组织窗：数值看似 HU，但文件未注明</translation>
    </message>
    <message>
        <source>{0}, from the values; the file says none</source>
        <translation>{0}，根据数值；文件未指定</translation>
    </message>
    <message>
        <source>Stored as</source>
        <translation>存储类型</translation>
    </message>
    <message>
        <source>Brightness</source>
        <translation>窗宽窗位</translation>
    </message>
    <message>
        <source>The key 0 goes back to it.</source>
        <translation>按 0 键可恢复。</translation>
    </message>
    <message>
        <source>unknown: sizes are told in pixels</source>
        <translation>未知：大小以像素表示</translation>
    </message>
    <message>
        <source>unknown: sizes are told in voxels</source>
        <translation>未知：大小以体素表示</translation>
    </message>
    <message>
        <source>unknown: slices are shown as they are stored</source>
        <translation>未知：切片按存储方式显示</translation>
    </message>
    <message>
        <source>{0}, oblique</source>
        <translation>{0}，倾斜</translation>
    </message>
    <message>
        <source>x to {0}, y to {1}, z to {2}</source>
        <translation>x 朝向 {0}，y 朝向 {1}，z 朝向 {2}</translation>
    </message>
    <message>
        <source>red, green and blue, {0} bits each</source>
        <translation>红、绿、蓝，各 {0} 位</translation>
    </message>
    <message>
        <source>decimal numbers, {0} bits</source>
        <translation>小数，{0} 位</translation>
    </message>
    <message>
        <source>whole numbers, {0} bits</source>
        <translation>整数，{0} 位</translation>
    </message>
    <message>
        <source>{0} to {1}</source>
        <translation>{0} 至 {1}</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>the file says nothing</source>
        <translation>文件中没有说明</translation>
    </message>
</context>
<context>
    <name>InfoPanel</name>
    <message>
        <source>No image is open.</source>
        <translation>没有打开的图像。</translation>
    </message>
    <message>
        <source>Show patient data</source>
        <translation>显示患者信息</translation>
    </message>
</context>
<context>
    <name>KeySheet</name>
    <message>
        <source>Keys and mouse</source>
        <translation>键盘与鼠标</translation>
    </message>
    <message>
        <source>Search for an action or a key</source>
        <translation>搜索操作或按键</translation>
    </message>
    <message>
        <source>Keys by menu</source>
        <translation>按菜单列出的按键</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>No action and no key is called that.</source>
        <translation>没有匹配的操作或按键。</translation>
    </message>
    <message>
        <source>Keys as in {0}; Preferences offers others.</source>
        <translation>按键方案：{0}；可在首选项中更改。</translation>
    </message>
</context>
<context>
    <name>Keys</name>
    <message>
        <source>Radiology</source>
        <translation>放射科</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>滚轮</translation>
    </message>
    <message>
        <source>Next or previous slice; with Shift ten</source>
        <translation>下一或上一切片；按住 Shift 为十个</translation>
    </message>
    <message>
        <source>Ctrl+wheel</source>
        <translation>Ctrl+滚轮</translation>
    </message>
    <message>
        <source>Zoom at the cursor</source>
        <translation>以光标为中心缩放</translation>
    </message>
    <message>
        <source>Shift+wheel with a brush</source>
        <translation>使用画笔时 Shift+滚轮</translation>
    </message>
    <message>
        <source>Size of the brush</source>
        <translation>画笔大小</translation>
    </message>
    <message>
        <source>Left drag</source>
        <translation>左键拖动</translation>
    </message>
    <message>
        <source>The tool in hand</source>
        <translation>当前工具</translation>
    </message>
    <message>
        <source>Right or Ctrl+left drag</source>
        <translation>右键或 Ctrl+左键拖动</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Middle, Shift+left or Alt+left drag</source>
        <translation>中键、Shift+左键或 Alt+左键拖动</translation>
    </message>
    <message>
        <source>Move the picture</source>
        <translation>移动图像</translation>
    </message>
    <message>
        <source>Double-click</source>
        <translation>双击</translation>
    </message>
    <message>
        <source>One plane or all</source>
        <translation>单个或所有平面</translation>
    </message>
    <message>
        <source>Up, Down</source>
        <translation>上、下</translation>
    </message>
    <message>
        <source>Page up, Page down</source>
        <translation>Page Up、Page Down</translation>
    </message>
    <message>
        <source>Ten slices</source>
        <translation>十个切片</translation>
    </message>
    <message>
        <source>Home, End</source>
        <translation>Home、End</translation>
    </message>
    <message>
        <source>First or last slice</source>
        <translation>第一个或最后一个切片</translation>
    </message>
    <message>
        <source>Left, Right</source>
        <translation>左、右</translation>
    </message>
    <message>
        <source>Previous or next plane</source>
        <translation>上一个或下一个平面</translation>
    </message>
    <message>
        <source>Arrows, with a keyboard box</source>
        <translation>方向键（键盘框）</translation>
    </message>
    <message>
        <source>Move the box; with Shift its size, with Ctrl ten voxels</source>
        <translation>移动框；按住 Shift 改变大小，按住 Ctrl 为十个体素</translation>
    </message>
    <message>
        <source>In a slice</source>
        <translation>在切片中</translation>
    </message>
</context>
<context>
    <name>LabelList</name>
    <message>
        <source>label {0}</source>
        <translation>标签 {0}</translation>
    </message>
    <message>
        <source>locked</source>
        <translation>已锁定</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>已隐藏</translation>
    </message>
</context>
<context>
    <name>LabelRow</name>
    <message>
        <source>Name of the label</source>
        <translation>标签名称</translation>
    </message>
    <message>
        <source>Colour of label {0}</source>
        <translation>标签 {0} 的颜色</translation>
    </message>
    <message>
        <source>Hide the label</source>
        <translation>隐藏标签</translation>
    </message>
    <message>
        <source>Show the label</source>
        <translation>显示标签</translation>
    </message>
    <message>
        <source>Unlock the label</source>
        <translation>解锁标签</translation>
    </message>
    <message>
        <source>Lock the label: it is never painted over</source>
        <translation>锁定标签：不会被覆盖</translation>
    </message>
</context>
<context>
    <name>LabelsController</name>
    <message>
        <source>There can be no more labels.</source>
        <translation>标签数量已达上限。</translation>
    </message>
    <message>
        <source>“{0}” is locked: unlock it before it is removed.</source>
        <translation>“{0}”已锁定：请先解锁再删除。</translation>
    </message>
    <message>
        <source>There is no label {0} in the list.</source>
        <translation>列表中没有标签 {0}。</translation>
    </message>
    <message>
        <source>Label {0}</source>
        <translation>标签 {0}</translation>
    </message>
    <message>
        <source>less than 1 %</source>
        <translation>不到 1 %</translation>
    </message>
    <message>
        <source>{0} %</source>
        <translation>{0} %</translation>
    </message>
</context>
<context>
    <name>LabelsPanel</name>
    <message>
        <source>Orange</source>
        <translation>橙色</translation>
    </message>
    <message>
        <source>Sky blue</source>
        <translation>天蓝色</translation>
    </message>
    <message>
        <source>Bluish green</source>
        <translation>蓝绿色</translation>
    </message>
    <message>
        <source>Yellow</source>
        <translation>黄色</translation>
    </message>
    <message>
        <source>Blue</source>
        <translation>蓝色</translation>
    </message>
    <message>
        <source>Vermilion</source>
        <translation>朱红色</translation>
    </message>
    <message>
        <source>Reddish purple</source>
        <translation>紫红色</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>Show labels by name</source>
        <translation>按名称显示标签</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Add a label</source>
        <translation>添加标签</translation>
    </message>
    <message>
        <source>Add a label to paint with</source>
        <translation>添加用于绘制的标签</translation>
    </message>
    <message>
        <source>Locked labels in the way</source>
        <translation>受阻的锁定标签</translation>
    </message>
    <message>
        <source>{0} of the preview belongs to “{1}” (locked)</source>
        <translation>预览中有 {0} 属于“{1}”（已锁定）</translation>
    </message>
    <message>
        <source>Colour of “{0}”</source>
        <translation>“{0}”的颜色</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>No labels yet. Add one to paint with.</source>
        <translation>尚无标签。请添加一个用于绘制。</translation>
    </message>
    <message>
        <source>No label is called that.</source>
        <translation>没有匹配的标签。</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Locked</source>
        <translation>已锁定</translation>
    </message>
    <message>
        <source>Shown</source>
        <translation>可见</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Another colour…</source>
        <translation>其他颜色…</translation>
    </message>
</context>
<context>
    <name>LicencesDialog</name>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>What travels with the program</source>
        <translation>随程序附带的内容</translation>
    </message>
    <message>
        <source>Licence text</source>
        <translation>许可证文本</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
    <message>
        <source>Value under the cursor</source>
        <translation>光标处的值</translation>
    </message>
    <message>
        <source>Research use only</source>
        <translation>仅供研究使用</translation>
    </message>
    <message>
        <source>For research use only. Not a medical device.</source>
        <translation>仅供研究使用。并非医疗器械。</translation>
    </message>
</context>
<context>
    <name>MeasureController</name>
    <message>
        <source>Copied: measures of {0} labels.</source>
        <translation>已复制 {0} 个标签的测量值。</translation>
    </message>
    <message>
        <source>Copied: measures of one label.</source>
        <translation>已复制：一个标签的测量值。</translation>
    </message>
    <message>
        <source>Something else is being saved: try again when that has ended.</source>
        <translation>正在保存其他内容：请在完成后重试。</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>已保存：{0}</translation>
    </message>
</context>
<context>
    <name>MeasuresPanel</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the measures of all labels for a spreadsheet</source>
        <translation>复制所有标签的测量值，用于电子表格</translation>
    </message>
    <message>
        <source>Save CSV…</source>
        <translation>保存 CSV…</translation>
    </message>
    <message>
        <source>Save the measures of all labels as a table</source>
        <translation>将所有标签的测量值保存为表格</translation>
    </message>
    <message>
        <source>Compare…</source>
        <translation>比较…</translation>
    </message>
    <message>
        <source>Compare with the labels of another file</source>
        <translation>与另一个文件中的标签比较</translation>
    </message>
    <message>
        <source>End</source>
        <translation>结束</translation>
    </message>
    <message>
        <source>End the comparison</source>
        <translation>结束比较</translation>
    </message>
    <message>
        <source>Measures of the labels</source>
        <translation>标签的测量值</translation>
    </message>
    <message>
        <source>Agreement with the reference</source>
        <translation>与参考的一致性</translation>
    </message>
    <message>
        <source>Open an image first.</source>
        <translation>请先打开图像。</translation>
    </message>
    <message>
        <source>Add a label and draw: it is measured here.</source>
        <translation>请添加标签并绘制：测量值将显示在此处。</translation>
    </message>
    <message>
        <source>Compared with {0}</source>
        <translation>与 {0} 比较</translation>
    </message>
    <message>
        <source>The labels have changed since: compare again.</source>
        <translation>标签此后已更改：请重新比较。</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>像素</translation>
    </message>
    <message>
        <source>voxels</source>
        <translation>体素</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>像素</translation>
    </message>
    <message>
        <source>Area of the label in slice {0}, the active one</source>
        <translation>标签在切片 {0}（当前切片）中的面积</translation>
    </message>
    <message>
        <source>The longest diameter in any slice, as RECIST 1.1 measures it</source>
        <translation>所有切片中的最长径，按 RECIST 1.1 测量</translation>
    </message>
    <message>
        <source>The longest diameter at right angles to the long axis, in the same slice</source>
        <translation>同一切片中垂直于长径的最大径</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Volume (ml)</source>
        <translation>体积 (ml)</translation>
    </message>
    <message>
        <source>The size of a pixel is unknown: lengths and areas are in pixels.</source>
        <translation>像素大小未知：长度和面积以像素表示。</translation>
    </message>
    <message>
        <source>The size of a voxel is unknown: lengths are in voxels, and there is no volume.</source>
        <translation>体素大小未知：长度以体素表示，且没有体积。</translation>
    </message>
    <message>
        <source>Voxels</source>
        <translation>体素数</translation>
    </message>
    <message>
        <source>Area here ({0})</source>
        <translation>此处面积 ({0})</translation>
    </message>
    <message>
        <source>Long axis ({0})</source>
        <translation>长径 ({0})</translation>
    </message>
    <message>
        <source>Short axis ({0})</source>
        <translation>短径 ({0})</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>均值</translation>
    </message>
    <message>
        <source>SD</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>Standard deviation of the values</source>
        <translation>数值的标准差</translation>
    </message>
    <message>
        <source>Min</source>
        <translation>最小值</translation>
    </message>
    <message>
        <source>Max</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>Being measured</source>
        <translation>正在测量</translation>
    </message>
    <message>
        <source>Approximate: the geometry of the image was repaired or assumed</source>
        <translation>近似值：图像的几何信息经过修复或为假定值</translation>
    </message>
    <message>
        <source>In slice {0}</source>
        <translation>位于切片 {0}</translation>
    </message>
    <message>
        <source>≈ approximate: the geometry of the image was repaired or assumed.</source>
        <translation>≈ 近似值：图像的几何信息经过修复或为假定值。</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation>Dice</translation>
    </message>
    <message>
        <source>Overlap: 1 where both are the same, 0 where they do not touch</source>
        <translation>重叠度：完全相同为 1，互不重叠为 0</translation>
    </message>
    <message>
        <source>Hausdorff 95 ({0})</source>
        <translation>Hausdorff 95 ({0})</translation>
    </message>
    <message>
        <source>95 per cent of either border lie within this distance of the other</source>
        <translation>任一边界的 95% 与另一边界的距离均不超过此值</translation>
    </message>
    <message>
        <source>Mean distance ({0})</source>
        <translation>平均距离 ({0})</translation>
    </message>
    <message>
        <source>Mean distance between the borders</source>
        <translation>边界之间的平均距离</translation>
    </message>
    <message>
        <source>Label {0} of the reference</source>
        <translation>参考中的标签 {0}</translation>
    </message>
    <message>
        <source>Not in the reference: {0}</source>
        <translation>参考中没有：{0}</translation>
    </message>
    <message>
        <source>Only in the reference: values {0}</source>
        <translation>仅参考中有：标签值 {0}</translation>
    </message>
</context>
<context>
    <name>ModelPanel</name>
    <message>
        <source>full precision</source>
        <translation>全精度</translation>
    </message>
    <message>
        <source>half precision</source>
        <translation>半精度</translation>
    </message>
    <message>
        <source>8-bit precision</source>
        <translation>8 位精度</translation>
    </message>
    <message>
        <source>No model is open yet.</source>
        <translation>尚未打开模型。</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>使用此模型</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>From a zip file…</source>
        <translation>从 ZIP 文件…</translation>
    </message>
    <message>
        <source>From a folder…</source>
        <translation>从文件夹…</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>未测试</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>测试</translation>
    </message>
    <message>
        <source>About the model</source>
        <translation>关于模型</translation>
    </message>
    <message>
        <source>In use: {0} {1}, {2}, on {3}</source>
        <translation>正在使用：{0} {1}，{2}，设备 {3}</translation>
    </message>
    <message>
        <source>{0} ms for a new box</source>
        <translation>新框耗时 {0} 毫秒</translation>
    </message>
    <message>
        <source>cannot be used: {0}</source>
        <translation>无法使用：{0}</translation>
    </message>
    <message>
        <source>{0} (chosen)</source>
        <translation>{0}（已选）</translation>
    </message>
</context>
<context>
    <name>ModelsController</name>
    <message>
        <source>opening…</source>
        <translation>正在打开…</translation>
    </message>
    <message>
        <source>A new box takes {0} ms on this machine.</source>
        <translation>在此计算机上，新框耗时 {0} 毫秒。</translation>
    </message>
    <message>
        <source>measuring…</source>
        <translation>正在测试…</translation>
    </message>
    <message>
        <source>Install the model package “{0}”? Use only models from people whom you trust.</source>
        <translation>安装模型包“{0}”？请仅使用来自可信来源的模型。</translation>
    </message>
    <message>
        <source>Import a model</source>
        <translation>导入模型</translation>
    </message>
    <message>
        <source>installing…</source>
        <translation>正在安装…</translation>
    </message>
    <message>
        <source>Fastest on this machine</source>
        <translation>此计算机上最快的模型</translation>
    </message>
    <message>
        <source>measured once, then remembered</source>
        <translation>测试一次后记住结果</translation>
    </message>
    <message>
        <source>version {0}, {1}, licence {2}</source>
        <translation>版本 {0}，{1}，许可证 {2}</translation>
    </message>
</context>
<context>
    <name>OfferLine</name>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>不再处理</translation>
    </message>
    <message>
        <source>Go on with the unfinished batch</source>
        <translation>继续未完成的批处理</translation>
    </message>
    <message>
        <source>Leave the unfinished batch</source>
        <translation>不再处理未完成的批处理</translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>恢复默认值</translation>
    </message>
    <message>
        <source>General</source>
        <translation>常规</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Another language is spoken from the next start on.</source>
        <translation>语言更改将在下次启动时生效。</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>配色</translation>
    </message>
    <message>
        <source>Keys as in</source>
        <translation>按键方案</translation>
    </message>
    <message>
        <source>Images and labels</source>
        <translation>图像与标签</translation>
    </message>
    <message>
        <source>Opacity of labels</source>
        <translation>标签不透明度</translation>
    </message>
    <message>
        <source>Filled</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>Outlines only</source>
        <translation>仅轮廓</translation>
    </message>
    <message>
        <source>Labels are drawn</source>
        <translation>标签绘制方式</translation>
    </message>
    <message>
        <source>Smooth pixels</source>
        <translation>平滑像素</translation>
    </message>
    <message>
        <source>Segmentation</source>
        <translation>分割</translation>
    </message>
    <message>
        <source>Radius of the brush</source>
        <translation>画笔半径</translation>
    </message>
    <message>
        <source> voxels</source>
        <translation> 体素</translation>
    </message>
    <message>
        <source>Prepare neighbouring slices when idle</source>
        <translation>空闲时预处理相邻切片</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Show patient data from DICOM files</source>
        <translation>显示 DICOM 文件中的患者信息</translation>
    </message>
    <message>
        <source>Forget recent files and folders</source>
        <translation>清除最近的文件和文件夹记录</translation>
    </message>
</context>
<context>
    <name>ProgressFoot</name>
    <message>
        <source>Progress of the batch</source>
        <translation>批处理进度</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Hold the batch up</source>
        <translation>暂停批处理</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Do the cases that wait</source>
        <translation>处理等待中的病例</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop the batch; what is done is kept</source>
        <translation>停止批处理；已完成的会保留</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Try the cases that failed once more</source>
        <translation>重试失败的病例</translation>
    </message>
    <message>
        <source>Getting ready…</source>
        <translation>正在准备…</translation>
    </message>
    <message>
        <source>{0} of {1} cases finished</source>
        <translation>{1} 个病例已完成 {0} 个</translation>
    </message>
    <message>
        <source>{0} doubtful</source>
        <translation>{0} 个存疑</translation>
    </message>
    <message>
        <source>{0} failed</source>
        <translation>{0} 个失败</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>pausing…</source>
        <translation>正在暂停…</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>about {0} left</source>
        <translation>约剩 {0}</translation>
    </message>
    <message>
        <source>{0} s</source>
        <translation>{0} 秒</translation>
    </message>
    <message>
        <source>{0} min</source>
        <translation>{0} 分钟</translation>
    </message>
    <message>
        <source>{0} h {1} min</source>
        <translation>{0} 小时 {1} 分钟</translation>
    </message>
</context>
<context>
    <name>ProgressLine</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>{0} more</source>
        <translation>另有 {0} 项</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>The next of the other tasks</source>
        <translation>其他任务中的下一个</translation>
    </message>
    <message>
        <source>About {0} s left</source>
        <translation>约剩 {0} 秒</translation>
    </message>
    <message>
        <source>{0} s left</source>
        <translation>剩 {0} 秒</translation>
    </message>
</context>
<context>
    <name>PropagateController</name>
    <message>
        <source>One slice: {0}.</source>
        <translation>一个切片：{0}。</translation>
    </message>
    <message>
        <source>{0} slices, {1} to {2}.</source>
        <translation>{0} 个切片，{1} 至 {2}。</translation>
    </message>
    <message>
        <source>Choose a label that is not locked first.</source>
        <translation>请先选择未锁定的标签。</translation>
    </message>
    <message>
        <source>Draw a box in this slice first: that is what is carried through the volume.</source>
        <translation>请先在此切片中画框：它将在整个体数据中传播。</translation>
    </message>
</context>
<context>
    <name>RecoveryController</name>
    <message>
        <source>“{0}”, last changed {1}, one unsaved change</source>
        <translation>“{0}”，最后更改于 {1}，有一处未保存的更改</translation>
    </message>
    <message>
        <source>“{0}”, last changed {1}, {2} unsaved changes</source>
        <translation>“{0}”，最后更改于 {1}，{2} 处未保存的更改</translation>
    </message>
    <message>
        <source>Work cannot be kept safe against a crash here: the folder cannot be written.</source>
        <translation>无法在此防止崩溃导致的数据丢失：文件夹不可写。</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Problem report</source>
        <translation>问题报告</translation>
    </message>
    <message>
        <source>This is all that the report holds. No file name, path or patient data is in it. Nothing is sent: copy or save it, and give it to whoever helps you.</source>
        <translation>报告的全部内容如下，不含文件名、路径或患者数据。不会发送任何内容：请复制或保存后交给为您提供帮助的人。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
</context>
<context>
    <name>Samples</name>
    <message>
        <source>Brain (MR)</source>
        <translation>脑部（MR）</translation>
    </message>
    <message>
        <source>Phantom (CT)</source>
        <translation>体模（CT）</translation>
    </message>
    <message>
        <source>Retina</source>
        <translation>视网膜</translation>
    </message>
    <message>
        <source>Glands</source>
        <translation>腺体</translation>
    </message>
</context>
<context>
    <name>SavingController</name>
    <message>
        <source>Saved and verified: {0}</source>
        <translation>已保存并校验：{0}</translation>
    </message>
    <message>
        <source>Saved: {0}</source>
        <translation>已保存：{0}</translation>
    </message>
    <message>
        <source>Something is being saved: the window closes after that.</source>
        <translation>正在保存：完成后窗口将关闭。</translation>
    </message>
    <message>
        <source>Not saved: {0}</source>
        <translation>未保存：{0}</translation>
    </message>
    <message>
        <source>Something is being saved: try again in a moment.</source>
        <translation>正在保存其他内容：请稍后再试。</translation>
    </message>
</context>
<context>
    <name>SegmentController</name>
    <message>
        <source>Draw a box or click inside the object first; then click on what is too much.</source>
        <translation>请先画框或在目标内点击，再点击多余的部分。</translation>
    </message>
    <message>
        <source>The mask is empty: nothing was written.</source>
        <translation>掩膜为空：未写入任何内容。</translation>
    </message>
    <message>
        <source>Add a label first.</source>
        <translation>请先添加标签。</translation>
    </message>
    <message>
        <source>The label “{0}” is locked. Unlock it or choose another one.</source>
        <translation>标签“{0}”已锁定。请解锁或选择其他标签。</translation>
    </message>
</context>
<context>
    <name>Sentences</name>
    <message>
        <source>.</source>
        <translation>。</translation>
    </message>
</context>
<context>
    <name>SeriesDialog</name>
    <message>
        <source>Choose an image</source>
        <translation>选择图像</translation>
    </message>
    <message>
        <source>Show patient data</source>
        <translation>显示患者信息</translation>
    </message>
    <message>
        <source>{0} images were found:</source>
        <translation>找到 {0} 个图像：</translation>
    </message>
    <message>
        <source>Images that were found</source>
        <translation>找到的图像</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>模态</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Born</source>
        <translation>出生日期</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>1 file was passed over</source>
        <translation>已跳过 1 个文件</translation>
    </message>
    <message>
        <source>{0} files were passed over</source>
        <translation>已跳过 {0} 个文件</translation>
    </message>
    <message>
        <source>Why files were passed over</source>
        <translation>跳过文件的原因</translation>
    </message>
</context>
<context>
    <name>SliceMenuController</name>
    <message>
        <source>Draw in “{0}”</source>
        <translation>在“{0}”中绘制</translation>
    </message>
</context>
<context>
    <name>SliceStrip</name>
    <message>
        <source>Slices</source>
        <translation>切片</translation>
    </message>
    <message>
        <source>Slice {0} of {1}</source>
        <translation>切片 {0}/{1}</translation>
    </message>
    <message>
        <source>No “{0}” here</source>
        <translation>此处无“{0}”</translation>
    </message>
    <message>
        <source>Holds “{0}”</source>
        <translation>包含“{0}”</translation>
    </message>
    <message>
        <source>Score {0}: worth a second look</source>
        <translation>评分 {0}：建议复查</translation>
    </message>
    <message>
        <source>Score {0}</source>
        <translation>评分 {0}</translation>
    </message>
    <message>
        <source>Carry from this slice on</source>
        <translation>从此切片开始传播</translation>
    </message>
    <message>
        <source>Carry up to this slice</source>
        <translation>传播到此切片为止</translation>
    </message>
    <message>
        <source>Carry through all slices</source>
        <translation>传播到所有切片</translation>
    </message>
</context>
<context>
    <name>SlicesDialog</name>
    <message>
        <source>Fill a 3-D box</source>
        <translation>填充三维框</translation>
    </message>
    <message>
        <source>First slice</source>
        <translation>起始切片</translation>
    </message>
    <message>
        <source>Last slice</source>
        <translation>结束切片</translation>
    </message>
</context>
<context>
    <name>StatusController</name>
    <message>
        <source>Reading {0}…</source>
        <translation>正在读取 {0}…</translation>
    </message>
    <message>
        <source>Changing “{0}”…</source>
        <translation>正在更改“{0}”…</translation>
    </message>
    <message>
        <source>Saving {0}…</source>
        <translation>正在保存 {0}…</translation>
    </message>
    <message>
        <source>Comparing with {0}…</source>
        <translation>正在与 {0} 比较…</translation>
    </message>
    <message>
        <source>Ending the saving of {0}…</source>
        <translation>正在终止保存 {0}…</translation>
    </message>
    <message>
        <source>Filling the box…</source>
        <translation>正在填充三维框…</translation>
    </message>
    <message>
        <source>Carrying the mask through the volume…</source>
        <translation>正在体数据中传播掩膜…</translation>
    </message>
</context>
<context>
    <name>StripController</name>
    <message>
        <source>“{0}” is in every other slice.</source>
        <translation>其他所有切片中都有“{0}”。</translation>
    </message>
    <message>
        <source>No other slice of “{0}” is in doubt.</source>
        <translation>“{0}”没有其他存疑的切片。</translation>
    </message>
</context>
<context>
    <name>SurfaceController</name>
    <message>
        <source>A picture has no depth, so there is no 3-D surface.</source>
        <translation>图片没有深度，因此没有三维表面。</translation>
    </message>
    <message>
        <source>Nothing is labelled yet: the surfaces of labels appear here.</source>
        <translation>尚无标注：标签的表面将显示在此处。</translation>
    </message>
</context>
<context>
    <name>SurfacePanel</name>
    <message>
        <source>3-D surface</source>
        <translation>三维表面</translation>
    </message>
    <message>
        <source>Arrow keys turn it, plus and minus zoom; A, P, L, R, S and I look from a side, Home fits it in.</source>
        <translation>方向键旋转，加号和减号缩放；A、P、L、R、S、I 从各侧观察，Home 适应窗口。</translation>
    </message>
    <message>
        <source>Drag to turn, wheel to zoom, Shift and drag to move, double click to fit</source>
        <translation>拖动旋转，滚轮缩放，按住 Shift 拖动平移，双击适应窗口</translation>
    </message>
    <message>
        <source>3-D surfaces need OpenGL, which this computer does not offer. Everything else works.</source>
        <translation>三维表面需要 OpenGL，而此计算机不支持。其他功能均可使用。</translation>
    </message>
    <message>
        <source>Updating…</source>
        <translation>正在更新…</translation>
    </message>
</context>
<context>
    <name>WelcomePanel</name>
    <message>
        <source>Open an image to begin</source>
        <translation>打开图像以开始</translation>
    </message>
    <message>
        <source>Drop a DICOM folder, a NIfTI file or a picture here. Then draw a box around a structure: the mask follows the box.</source>
        <translation>将 DICOM 文件夹、NIfTI 文件或图片拖放到此处，然后在结构周围画框：掩膜会跟随框。</translation>
    </message>
    <message>
        <source>Try a sample</source>
        <translation>试用示例</translation>
    </message>
    <message>
        <source>Opened lately</source>
        <translation>最近打开</translation>
    </message>
    <message>
        <source>For research use only. Not a medical device.</source>
        <translation>仅供研究使用。并非医疗器械。</translation>
    </message>
    <message>
        <source>Open file…</source>
        <translation>打开文件…</translation>
    </message>
    <message>
        <source>Open folder…</source>
        <translation>打开文件夹…</translation>
    </message>
</context>
<context>
    <name>_Notes</name>
    <message>
        <source>Tested on</source>
        <translation>测试数据</translation>
    </message>
    <message>
        <source>Accuracy by modality</source>
        <translation>各模态的准确度</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>模态</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>病例数</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation>Dice</translation>
    </message>
    <message>
        <source>Surface Dice</source>
        <translation>表面 Dice</translation>
    </message>
    <message>
        <source>This model says nothing of its accuracy.</source>
        <translation>此模型未提供准确度信息。</translation>
    </message>
    <message>
        <source>Card of the model</source>
        <translation>模型说明卡</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确度</translation>
    </message>
    <message>
        <source>Card</source>
        <translation>说明卡</translation>
    </message>
</context>
</TS>
